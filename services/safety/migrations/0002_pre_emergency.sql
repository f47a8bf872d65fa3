-- Emergencies, as sets of signals, and the devices that presses come from.

-- What happened. Only ever added to: what an emergency is follows from its signals.
create table signal (
    id           uuid        primary key,
    emergency_id uuid        not null,
    force        text        not null,
    kind         smallint    not null check (kind between 1 and 7),
    at           timestamptz not null,
    -- Made by the platform to prove the path; these alone may be deleted, being of nobody.
    synthetic    boolean     not null,
    stored_at    timestamptz not null default clock_timestamp(),
    body         bytea       not null
);
create index signal_of_emergency on signal (emergency_id);
create index signal_synthetic on signal (stored_at) where synthetic;

create function signal_is_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and old.synthetic then
        return old;
    end if;
    raise exception 'signals are append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger signal_append_only before update or delete on signal
    for each row execute function signal_is_append_only();

-- Every replica of the emergency path is told of each, at its commit.
create function tell_signal() returns trigger language plpgsql as $$
begin
    perform pg_notify('signal', new.id::text);
    return null;
end $$;
create trigger signal_told after insert on signal for each row execute function tell_signal();

-- What somebody has to take: presses and duress codes. `taken` and `cleared` follow from the signals, and are set by the
-- worker a moment after them. Until then they are false, so that what is looked for by them is found once too often
-- rather than not at all.
create table alarm (
    signal_id    uuid        primary key,
    emergency_id uuid        not null,
    force        text        not null,
    at           timestamptz not null,
    synthetic    boolean     not null,
    -- Where it was, by the best that was known then, and the incident its unit was sent to: to find what is near it.
    latitude     double precision,
    longitude    double precision,
    incident_id  uuid,
    taken        boolean     not null default false,
    cleared      boolean     not null default false
);
create index alarm_of_emergency on alarm (emergency_id);
create index alarm_newest on alarm (at) where not synthetic;
create index alarm_open on alarm (emergency_id) where not cleared and not synthetic;
create index alarm_untaken on alarm (at) where not taken and not cleared and not synthetic;

-- Where each emergency stands, kept by the worker: for lists, and for the order of its events.
create table emergency (
    id        uuid        primary key,
    force     text        not null,
    state     smallint    not null check (state between 1 and 3),
    raised_at timestamptz not null,
    synthetic boolean     not null,
    -- Alarms told in events.
    alarms    int         not null,
    -- Counts the events of this emergency.
    sequence  bigint      not null
);
create index emergency_newest on emergency (force, raised_at desc, id desc);
create index emergency_synthetic on emergency (raised_at) where synthetic;

-- What each replica has on its own disk, as it last said: one that is gone for good with a full spool goes on showing.
create table spool_level (
    replica         text        primary key,
    records         bigint      not null,
    oldest          timestamptz,
    set_aside       bigint      not null,
    set_aside_since timestamptz,
    reported_at     timestamptz not null default clock_timestamp()
);

-- Radios and terminals: who carries them, and when they were last heard.
create table device (
    device_id        uuid             primary key,
    force            text             not null,
    radio            text             not null,
    unit_id          uuid,
    callsign         text             not null default '',
    crew             text[]           not null default '{}',
    duty             smallint         not null check (duty between 1 and 3),
    incident_id      uuid,
    incident_address text             not null default '',
    latitude         double precision check (latitude between -90 and 90),
    longitude        double precision check (longitude between -180 and 180),
    accuracy_metres  double precision not null default 0,
    point_at         timestamptz,
    heard_at         timestamptz,
    tested_at        timestamptz,
    test_passed      boolean          not null default false,
    -- Of the carrier's codes, salted; null where none are registered.
    safe_digest      bytea,
    duress_digest    bytea,
    salt             bytea,
    silent_since     timestamptz,
    -- The newest change has the highest number: whoever knows one reads on from there.
    changed          bigint           not null default 0,
    unique (force, radio),
    check ((latitude is null) = (longitude is null)),
    check ((safe_digest is null) = (duress_digest is null) and (safe_digest is null) = (salt is null))
);
create index device_of_unit on device (unit_id) where unit_id is not null;

create function tell_device() returns trigger language plpgsql as $$
begin
    perform pg_notify('device', new.device_id::text);
    return null;
end $$;
-- Not for heartbeats: those come in thousands, and a replica reads them when it needs them.
create trigger device_told after insert or update of
    unit_id, callsign, crew, duty, incident_id, incident_address, safe_digest, duress_digest, salt
    on device for each row execute function tell_device();
