"""Dispatch: who is sent where, and what they were told before arriving."""
