"""Dispatch, as control rooms put it. Pure: nothing here reads, writes, waits or knows what time it is."""
