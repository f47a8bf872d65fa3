"""Who may be sent, what it costs, and who is best. Pure: no I/O, no clock, no wire format."""
