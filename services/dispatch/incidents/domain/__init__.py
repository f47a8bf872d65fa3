"""How incidents wait, are told of and end. Pure: no I/O, no clock, no wire format."""
