"""What the rooms of dispatch share, as control rooms put it: the records and the words. Pure, as theirs is.

What one room decides is in its own domain.
"""
