-- By this upkeep finds the timers that have settled, however many wait or were settled of late.
create index timer_settled on timer (settled_at) where state <> 'WAITING';
