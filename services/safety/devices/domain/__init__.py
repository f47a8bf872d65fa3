"""The rules of devices, one file a subject: pure, without I/O, clock or wire format."""
