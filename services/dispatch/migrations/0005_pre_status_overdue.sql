-- When a unit will have been in its status for longer than it should; null for never. The clock that strikes then looks
-- here whether it is still the one of that status.
alter table unit add column overdue_at timestamptz;
update unit set overdue_at = timer.due from timer
where timer.kind = 'STATUS_OVERDUE' and timer.state = 'WAITING' and timer.subject = unit.id;
