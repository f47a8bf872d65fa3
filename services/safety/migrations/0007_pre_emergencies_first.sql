-- By these the worker finds what emergencies wait for, however much of other things waits beside it (R-OS-09). The lists
-- are those of worker.py, word by word: an index of part of a table is used where the query names the same part.
create index outbox_emergency on outbox (id) where published_at is null and topic in ('safety.emergency.v1');
create index timer_emergency on timer (due) where state = 'WAITING' and kind in (
    'EMERGENCY_HAPPENED', 'EMERGENCY_LEVEL_1', 'EMERGENCY_LEVEL_2', 'EMERGENCY_LEVEL_3', 'EMERGENCY_LEVEL_4',
    'WELFARE_DUE', 'WELFARE_WARN'
);
