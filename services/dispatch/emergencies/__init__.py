"""What emergencies are to units: status 0 over their status, and word to those nearby (R-OS-03)."""
