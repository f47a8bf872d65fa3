"""What becomes of a unit that was sent. Pure: no I/O, no clock, no wire format."""
