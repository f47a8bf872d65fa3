-- Tasks about something that is neither an incident, an assignment nor a unit, and unknown to dispatch by itself.

alter table task
    -- The welfare time, emergency or radio path that it is about, as officer safety names it.
    add column about_id uuid,
    -- Whose radio to call: of a lone worker it is all that is known.
    add column radio    text not null default '',
    drop constraint task_kind_check,
    add constraint task_kind_check check (kind between 1 and 11);
create index task_about on task (about_id) where done_at is null;

-- Emergencies in which the duress code was given: to the crew itself they look as if they were over (R-OS-06).
alter table unit add column duress uuid[] not null default '{}';
