-- Overdue is what the clock says, whether a timer has fired or not (I2): the reports that are, or were decided late.

create index report_overdue on report (force, state, due_at, id) where decided_at is null or decided_at >= due_at;
