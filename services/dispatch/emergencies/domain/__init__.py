"""Who is told of an emergency nearby. Pure: no I/O, no clock, no wire format."""
