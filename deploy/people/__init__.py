"""The people of a force, as their systems call the public API: what rehearsal and proof have in common.

line       calls with a token of their role, made again where no answer came
synthetic  who they meet: nobody real
console    a position in the control room that watches emergencies, by whichever replica answers
radio      the gateway that carries presses and signs of life of radios
terminal   what a unit's terminal holds open: assignments and hazards, acknowledged as a crew would
"""
