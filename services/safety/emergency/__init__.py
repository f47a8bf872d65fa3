"""The emergency path: an officer presses, people see it, and it escalates until one of them takes it (I4)."""
