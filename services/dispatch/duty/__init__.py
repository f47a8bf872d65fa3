"""Duty: a crew books on, says what it does, and books off (domain facts 4.1)."""
