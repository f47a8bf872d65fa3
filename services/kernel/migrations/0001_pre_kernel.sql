-- What the kernel keeps in every service's own database.

create table outbox (
    id           bigint generated always as identity primary key,
    topic        text        not null,
    key          text        not null,
    event_id     uuid        not null,
    type         text        not null,
    force        text        not null,
    subject      text        not null,
    sequence     bigint      not null,
    time         timestamptz not null,
    traceparent  text,
    payload      bytea       not null,
    created_at   timestamptz not null default clock_timestamp(),
    published_at timestamptz
);
-- The relay asks for what is unpublished, never for "newer than the last": ids are handed out before commit, so a later
-- id can be visible before an earlier one.
create index outbox_unpublished on outbox (id) where published_at is null;
create index outbox_published on outbox (published_at) where published_at is not null;

create table inbox (
    event_id uuid        not null,
    consumer text        not null,
    at       timestamptz not null default clock_timestamp(),
    primary key (event_id, consumer)
);

create table dead_letter (
    id          bigint generated always as identity primary key,
    consumer    text        not null,
    topic       text        not null,
    partition   int         not null,
    "offset"    bigint      not null,
    event_id    text,
    reason      text        not null,
    at          timestamptz not null default clock_timestamp(),
    replayed_at timestamptz,
    unique (consumer, topic, partition, "offset")
);

create table timer (
    id         uuid        primary key,
    kind       text        not null,
    subject    uuid        not null,
    force      text        not null,
    due        timestamptz not null,
    owner      text        not null,
    state      text        not null default 'WAITING' check (state in ('WAITING', 'FIRED', 'CANCELLED')),
    started_at timestamptz not null,
    settled_at timestamptz,
    unique (kind, subject),
    check ((state = 'WAITING') = (settled_at is null))
);
create index timer_waiting on timer (due) where state = 'WAITING';

-- Numbers without doubles or gaps, counted in the transaction that uses them.
create table counter (
    name text   primary key,
    last bigint not null
);

create index inbox_at on inbox using brin (at);

create table request (
    id     uuid        primary key,
    force  text        not null,
    method text        not null,
    digest bytea       not null,
    reply  bytea       not null,
    at     timestamptz not null default clock_timestamp()
);
create index request_at on request using brin (at);

-- DPA 2018 s.62: who did what to which record, and when. Names of fields, never their values.
create table audit (
    id         bigint generated always as identity primary key,
    at         timestamptz not null,
    stored_at  timestamptz not null default clock_timestamp(),
    subject    text        not null,
    roles      text[]      not null,
    force      text        not null,
    action     text        not null,
    rpc        text        not null,
    records    text[]      not null,
    fields     text[]      not null,
    purpose    text        not null,
    trace_id   text        not null,
    -- The transaction that wrote it: a range of finished transactions can be sealed, a range of ids cannot.
    written_by xid8        not null default pg_current_xact_id()
);
create index audit_written_by on audit (written_by);

-- Each seal holds a digest of all audit rows of a range of transactions and of the seal before it, so that a row changed,
-- added or taken away behind the trigger's back is noticed. The log repeats each digest, out of the database's reach.
create table audit_seal (
    number    bigint      primary key,
    sealed_at timestamptz not null default clock_timestamp(),
    from_xid  xid8        not null,
    to_xid    xid8        not null,
    rows      bigint      not null,
    digest    bytea       not null
);
-- Read by time range, and rarely: the cheapest index there is.
create index audit_at on audit using brin (stored_at);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger audit_append_only before update or delete or truncate on audit
    for each statement execute function audit_is_append_only();
create trigger audit_seal_append_only before update or delete or truncate on audit_seal
    for each statement execute function audit_is_append_only();
