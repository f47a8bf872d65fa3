"""A service that exists for tests: it notes each event it is given, unless a fault is switched on."""
