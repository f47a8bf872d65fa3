"""What is watched, drawn for a terminal: each screen is a function of what its watcher knows and of the time."""
