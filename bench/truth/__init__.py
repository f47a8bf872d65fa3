"""A truth set for looking people up: who is in the records, and how they get written when they are met again.

names, nominals        a million synthetic people
misnaming, misdating   how names and dates of birth go wrong, kind by kind, with their tables
miswriting             how addresses do
cases                  known people, each written wrongly in one kind, or in several at once

Written apart from the code that it judges: neither reads the other's tables.
"""
