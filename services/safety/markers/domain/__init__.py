"""What a marker is and what may be done with it. Pure: no I/O, no clock, no wire format.

What holds personal details has no `repr` of them, so that none gets into a log or an error by way of one (I7).
"""
