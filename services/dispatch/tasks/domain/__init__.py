"""The rules of the tray. Pure: no I/O, no clock, no wire format."""
