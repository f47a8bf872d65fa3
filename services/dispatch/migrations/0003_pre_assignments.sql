-- Incidents that wait, assignments with their hazard answer, tasks, and the replica of markers.

create table incident (
    id               uuid        primary key,
    contact_id       uuid        not null,
    force            text        not null,
    grade            text        not null,
    -- 1 is the most urgent grade of the force's scheme.
    urgency          smallint    not null check (urgency > 0),
    state            smallint    not null check (state between 1 and 4),
    first_contact_at timestamptz not null,
    graded_at        timestamptz not null,
    -- When dispatch learnt of it.
    queued_at        timestamptz not null,
    attend_by        timestamptz,
    latitude         double precision check (latitude between -90 and 90),
    longitude        double precision check (longitude between -180 and 180),
    accuracy_metres  double precision,
    address          text        not null default '',
    uprn             text        not null default '',
    lsoa             text        not null default '',
    -- The address as it is compared; empty where it names no premises.
    premises_key     text        not null default '',
    people           jsonb       not null default '[]',
    vehicles         text[]      not null default '{}',
    -- Whom other incidents at the same address named (R-MK-01).
    associates       jsonb       not null default '[]',
    escalated_to     text        not null default '',
    escalated_at     timestamptz,
    shared_with      text[]      not null default '{}',
    -- When intake closed it. With units on it, it waits for its result all the same.
    closed_at        timestamptz,
    resulted_at      timestamptz,
    result           text        not null default '',
    -- Counts the events of this incident.
    sequence         bigint      not null,
    check ((latitude is null) = (longitude is null)),
    check ((state = 4) = (resulted_at is not null)),
    check ((state = 4) = (result <> ''))
);
-- The queue: by grade, then by age.
create index incident_queue on incident (force, urgency, first_contact_at) where state = 1;
create index incident_open on incident (force) where state <> 4;
create index incident_shared on incident using gin (shared_with) where state <> 4;
-- Who was named at an address before (R-MK-01).
create index incident_at_uprn on incident (force, uprn, graded_at) where uprn <> '';
create index incident_at_address on incident (force, premises_key, graded_at) where premises_key <> '';

create table assignment (
    id                     uuid        primary key,
    force                  text        not null,
    incident_id            uuid        not null references incident,
    unit_id                uuid        not null references unit,
    callsign               text        not null,
    grade                  text        not null,
    skills                 text[]      not null default '{}',
    state                  smallint    not null check (state between 1 and 4),
    assigned_at            timestamptz not null,
    assigned_by            text        not null,
    acknowledged_at        timestamptz,
    arrived_at             timestamptz,
    ended_at               timestamptz,
    end_reason             smallint    not null default 0 check (end_reason between 0 and 5),
    -- Why a person moved the unit or took it off.
    explanation            text        not null default '',
    -- The hazard answer (I3). No default: an assignment without one cannot be written.
    hazard_outcome         smallint    not null,
    hazard_reason          smallint    not null,
    hazard_version         int         not null check (hazard_version > 0),
    hazard_checked_at      timestamptz not null,
    hazard_staleness       double precision not null check (hazard_staleness >= 0),
    hazards                jsonb       not null,
    -- Since when there is something that the crew has not acknowledged.
    hazard_told_at         timestamptz not null,
    hazard_acknowledged    int         not null default 0,
    hazard_acknowledged_at timestamptz,
    -- Counts the events of this assignment.
    sequence               bigint      not null,
    constraint assignment_has_hazard_answer check (
        (hazard_outcome = 1 and hazard_reason = 0 and jsonb_array_length(hazards) > 0)
        or (hazard_outcome = 2 and hazard_reason = 0 and jsonb_array_length(hazards) = 0)
        or (hazard_outcome = 3 and hazard_reason between 1 and 5)
    ),
    check (hazard_acknowledged between 0 and hazard_version),
    check ((state = 4) = (ended_at is not null)),
    check ((state = 4) = (end_reason <> 0))
);
-- A unit is on one incident at a time, whoever assigns it and however many do.
create unique index assignment_of_unit on assignment (unit_id) where state <> 4;
create index assignment_of_incident on assignment (incident_id, assigned_at);
create index assignment_open on assignment (force, incident_id) where state <> 4;
create index assignment_not_checked on assignment (id) where state <> 4 and hazard_outcome = 3;

create table task (
    id            uuid        primary key,
    force         text        not null,
    kind          smallint    not null check (kind between 1 and 10),
    owner         text        not null,
    incident_id   uuid,
    assignment_id uuid,
    unit_id       uuid,
    raised_at     timestamptz not null,
    done_at       timestamptz,
    done_by       text        not null default '',
    note          text        not null default '',
    check ((done_at is null) = (done_by = ''))
);
create index task_tray on task (force, raised_at, id) where done_at is null;
create index task_of_incident on task (incident_id) where done_at is null;
create index task_of_assignment on task (assignment_id) where done_at is null;
create index task_of_unit on task (unit_id) where done_at is null;
create index task_history on task (force, raised_at, id);

-- What officer safety told of its markers, each as its newest version said it.
create table marker (
    id      uuid    primary key,
    force   text    not null,
    version bigint  not null,
    -- Serialised peel.safety.v1.Marker.
    body    bytea   not null,
    -- The ledger of officer safety does not hold it any more: found out by a rebuild.
    gone    boolean not null default false,
    -- Counts every change of every marker, in the order of commits: processes that keep the markers in memory ask for all
    -- that changed since.
    changed bigint  not null
);
create unique index marker_changed on marker (changed);
create index marker_of_force on marker (force, changed);

-- Up to which change the crews of a force have been told of markers that came many at once.
create table marker_told (
    force   text   primary key,
    changed bigint not null
);

-- How far the replica of markers has come: one row.
create table marker_replica (
    one            boolean primary key default true check (one),
    -- All that was changed in officer safety's ledger until then has been read. By the clock of the machine.
    as_of          timestamptz,
    -- How many markers that ledger held then.
    ledger_markers bigint  not null default 0,
    held_markers   bigint  not null default 0
);
insert into marker_replica default values;
