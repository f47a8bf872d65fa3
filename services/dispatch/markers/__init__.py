"""Officer safety's markers as dispatch holds them, and the look for those that concern an incident (I3)."""
