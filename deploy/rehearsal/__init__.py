"""The main job: a real month through the public API, as the people of a force would send it, and a count at the end.

street         the month's file, row by row; what is wrong with a row, and where
demand         when people report; people: who they are; endings: how their crimes end. All synthetic, all seeded
contacts       rows as contacts with allegations: who reports, how, and what waits for a person
call_handlers, control_room, recorders, investigators, auditor    the people, each through the public API alone
month          the clock, and what holds it back
kills          what is killed on the way; display, usage: what there is to see
reconciliation the count, the verdict and the exported file
"""
