"""The people of a force, as their systems call the public API: what rehearsal and proof have in common.

Their consoles and terminals are those of services/watch.

line       calls with a token of their role, made again where no answer came
synthetic  who they meet: nobody real
waiting    until something has become so
radio      the gateway that carries presses and signs of life of radios
"""
