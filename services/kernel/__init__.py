"""What every service shares. Knows nothing of policing."""
