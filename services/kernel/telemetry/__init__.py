"""Traces, metrics and logs, none of which may ever hold personal data (I7)."""
