"""Graded incidents: they wait on a clock of their own, somebody is told, and they end (R-DP-01)."""
