"""The main job: a real month through the public API, as the people of a force would send it, and a count at the end.

street         the month's file, row by row; what is wrong with a row, and where
demand         when people report; offences, endings: what it was, how it ends. All synthetic
contacts       rows as contacts with allegations: who reports, how, and what waits for a person; telling: the requests
call_handlers, control_room, recorders, investigators, auditor    the people, each through the public API alone
dispatchers, patrols, emergency_desk    who goes out and who listens; events: what befalls them; going_out: the count
month          the hours, and what holds the clock back; hands: the clock; crew: how many work at once
kills          what is killed on the way; progress, display, usage: what there is to see
reconciliation the count and the verdict; results: the table, the report and the exported file
rehearsal      all of it on a platform that is up; addresses: what to try afterwards
"""
