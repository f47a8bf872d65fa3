"""What is open, as consoles and terminals see it: whole, and then live."""
