-- Units, where they are, and the board on which every change is seen.

create table unit (
    id              uuid        primary key,
    force           text        not null,
    callsign        text        not null,
    -- 1 to 11: messages (12 to 16) and emergencies lie beside it and never overwrite it (domain facts 4.1).
    status          smallint    not null check (status between 1 and 11),
    status_since    timestamptz not null,
    emergencies     uuid[]      not null default '{}',
    crew            jsonb       not null default '[]',
    radios          text[]      not null default '{}',
    device_test     smallint    not null default 0 check (device_test between 0 and 4),
    shift_ends_at   timestamptz,
    incident_id      uuid,
    -- So that whoever looks for units knows what it would take one from.
    incident_urgency smallint   not null default 0,
    assignment_id    uuid,
    last_message    smallint    not null default 0 check (last_message = 0 or last_message between 12 and 16),
    last_message_at timestamptz,
    -- Counts the events of this unit.
    sequence        bigint      not null,
    unique (force, callsign),
    check ((incident_id is null) = (assignment_id is null)),
    check ((status = 11) = (radios = '{}')),
    check (status <> 11 or assignment_id is null)
);
create index unit_on_duty on unit (force) where status <> 11;
create index unit_in_emergency on unit using gin (emergencies) where emergencies <> '{}';

-- Whose radio it is while they are on duty: nobody's but one unit's.
create table radio_in_use (
    force        text        not null,
    radio        text        not null,
    unit_id      uuid        not null references unit,
    -- Its test since then, or shortly before, passed (R-OS-07).
    passed       boolean     not null,
    -- Since when officer safety has not heard it for too long; null where it does.
    silent_since timestamptz,
    primary key (force, radio)
);
create index radio_in_use_unit on radio_in_use (unit_id);

-- How the last test of each radio went: it may come before the crew has booked on.
create table radio_test (
    force     text        not null,
    radio     text        not null,
    passed    boolean     not null,
    tested_at timestamptz not null,
    primary key (force, radio)
);

-- Who let a unit work without a passed test, and why.
create table test_override (
    id          uuid        primary key,
    unit_id     uuid        not null references unit,
    force       text        not null,
    at          timestamptz not null,
    by          text        not null,
    explanation text        not null check (explanation <> '')
);
create index test_override_unit on test_override (unit_id);

-- Overwritten several times a minute for every unit: narrow, with room on each page, and without an index on what changes.
create table unit_position (
    unit_id         uuid             primary key references unit,
    force           text             not null,
    latitude        double precision not null check (latitude between -90 and 90),
    longitude       double precision not null check (longitude between -180 and 180),
    accuracy_metres double precision not null,
    at              timestamptz      not null,
    -- The transaction that wrote it: whoever follows asks for all since the oldest that was still open when it last asked.
    written_by      xid8             not null default pg_current_xact_id()
) with (fillfactor = 50);

-- Which units were told of an emergency that nobody had taken, until it is cleared (R-OS-03).
create table emergency_nearby (
    emergency_id    uuid             not null,
    unit_id         uuid             not null references unit,
    force           text             not null,
    callsign        text             not null,
    latitude        double precision not null,
    longitude       double precision not null,
    accuracy_metres double precision not null,
    distance_metres double precision not null,
    raised_at       timestamptz      not null,
    primary key (emergency_id, unit_id)
);
create index emergency_nearby_unit on emergency_nearby (unit_id);
create index emergency_nearby_force on emergency_nearby (force);

create table board_change (
    id        bigint generated always as identity primary key,
    force     text        not null,
    -- 1, 2, 3 … within the force, without gaps and in the order of commits; null until the commit.
    sequence  bigint,
    at        timestamptz not null,
    kind      text        not null check (kind in ('unit', 'incident', 'assignment', 'task', 'emergency')),
    -- Whose terminal is told as well.
    unit_id   uuid,
    body      bytea       not null,
    stored_at timestamptz not null default clock_timestamp()
);
create unique index board_change_sequence on board_change (force, sequence);
create index board_change_unit on board_change (unit_id, sequence) where unit_id is not null;
create index board_change_unnumbered on board_change (force, id) where sequence is null;
create index board_change_stored_at on board_change using brin (stored_at);

-- Numbers every change of the transaction, force by force in one order, so that two transactions cannot wait for each
-- other. What is unnumbered and visible is this transaction's own.
create function number_board_changes() returns trigger language plpgsql as $$
declare
    board record;
    reached bigint;
begin
    for board in
        select force, count(*) as added from board_change where sequence is null group by force order by force
    loop
        insert into counter as c (name, last) values ('board/' || board.force, board.added)
            on conflict (name) do update set last = c.last + excluded.last returning last into reached;
        update board_change as b set sequence = reached - board.added + mine.number
            from (select id, row_number() over (order by id) as number
                  from board_change where sequence is null and force = board.force) as mine
            where b.id = mine.id;
        perform pg_notify('board', board.force);
    end loop;
    return null;
end $$;
-- Deferred: the number is counted as late as possible, because whoever counts makes all others wait until it commits.
create constraint trigger board_change_numbered after insert on board_change
    deferrable initially deferred for each row execute function number_board_changes();
