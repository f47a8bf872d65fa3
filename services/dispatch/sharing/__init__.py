"""Incidents that another force sees, and who is sent to them."""
