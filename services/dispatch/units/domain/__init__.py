"""What a unit is and what it may do. Pure: no I/O, no clock, no wire format."""
