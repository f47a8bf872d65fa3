-- Names the clocks of a marker's newest version. Each version has others: who revises a marker while a clock of the
-- version before strikes would wait for that clock, which waits for the marker. Empty: they bear the marker's own id.
alter table marker add column clock uuid;
create unique index marker_clock on marker (clock);
