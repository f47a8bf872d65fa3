"""Units as they are: registered, stored, and what every change of one brings with it."""
