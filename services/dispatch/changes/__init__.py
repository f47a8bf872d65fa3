"""The log of the board's changes: every room writes what a record has become, in the transaction of its effect."""
