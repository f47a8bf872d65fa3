"""Who is sent where, with the hazard answer inside what is sent (I3)."""
