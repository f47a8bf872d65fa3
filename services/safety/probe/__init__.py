"""Proves that a press would be seen: a synthetic one per site, through the public door, to a watcher (R-OS-07)."""
