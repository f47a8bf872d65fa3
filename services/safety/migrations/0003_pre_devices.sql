-- Devices on duty, when they have to be heard, and who has to check in.

alter table device
    -- When who carries it now booked on, and when the unit was sent to the incident: events of either may be late, and
    -- the newest one stands.
    add column duty_since     timestamptz,
    add column incident_since timestamptz,
    -- Whose codes they are: they lapse when a crew books on that this person is not of. Empty: whoever carries it.
    add column codes_by       text   not null default '',
    -- Counts the events of this device.
    add column sequence       bigint not null default 0;
-- What heartbeats change is not told: replicas read what transactions after the ones they know have changed.
create index device_changed on device (changed);
-- Not by when they were heard, which would make every heartbeat a change of the index.
create index device_on_duty on device (device_id) where duty = 1;
create index device_silent on device (silent_since) where silent_since is not null;

-- Time within which somebody has to check in (R-OS-08).
create table welfare (
    id           uuid        primary key,
    -- Names its clock, which has another name when it begins again: what fires late is then of a clock that is no more.
    clock        uuid        not null,
    force        text        not null,
    device_id    uuid        not null references device,
    unit_id      uuid,
    -- Started because the unit is at a scene: any radio of the unit checks in for it, and it ends when they leave.
    by_status    boolean     not null,
    minutes      int         not null check (minutes between 1 and 240),
    started_at   timestamptz not null,
    warn_at      timestamptz not null,
    due_at       timestamptz not null,
    ended_at     timestamptz,
    -- Of the press that it became when nobody had checked in.
    emergency_id uuid,
    -- Counts the events of this timer.
    sequence     bigint      not null default 0,
    check (started_at < warn_at and warn_at < due_at),
    check (emergency_id is null or ended_at is not null)
);
create unique index welfare_clock on welfare (clock);
create unique index welfare_open on welfare (device_id) where ended_at is null;
create index welfare_of_device on welfare (device_id, started_at);
create index welfare_of_unit on welfare (unit_id, started_at);
create index welfare_unanswered on welfare (warn_at) where ended_at is null;
