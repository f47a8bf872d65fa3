"""Emergencies: what happens in one, what it is by all that happened, and who may end it. Pure."""
