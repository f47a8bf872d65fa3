"""The tray: what only a person can do next, by post (R-DP-01)."""
