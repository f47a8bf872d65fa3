-- The ledger: every report, every allegation in it, what was decided of each, and the crimes they became.

create table report (
    id               uuid        primary key,
    force            text        not null,
    contact_id       uuid        not null unique,
    -- The contact exactly as intake told it: peel.intake.v1.Contact.
    contact          bytea       not null,
    category         smallint    not null,
    lsoa             text        not null,
    state            smallint    not null check (state in (1, 2)),
    first_contact_at timestamptz not null,
    due_at           timestamptz not null,
    decided_at       timestamptz,
    overdue_at       timestamptz,
    sequence         bigint      not null,
    check ((state = 2) = (decided_at is not null)),
    check (due_at > first_contact_at)
);
create index report_tray on report (force, state, due_at, id);
create index report_first_contact on report (force, first_contact_at);

-- The duty never moves (R-CR-01).
create function report_duty_is_fixed() returns trigger language plpgsql as $$
begin
    raise exception 'first contact and due time of a report never change' using errcode = 'check_violation';
end $$;
create trigger report_duty before update of first_contact_at, due_at, contact, contact_id on report
    for each row when (
        (new.first_contact_at, new.due_at, new.contact, new.contact_id)
        is distinct from (old.first_contact_at, old.due_at, old.contact, old.contact_id))
    execute function report_duty_is_fixed();

create table crime (
    id                    uuid        primary key,
    number                text        not null unique,
    force                 text        not null,
    report_id             uuid        not null references report,
    contact_id            uuid        not null,
    allegation_number     smallint    not null check (allegation_number > 0),
    offence_code          text        not null,
    state                 smallint    not null check (state between 1 and 3),
    victim_ref            text        not null,
    suspect_ref           text        not null,
    flags                 smallint[]  not null,
    -- All of them null where nobody knows the place: none is invented.
    latitude              double precision,
    longitude             double precision,
    accuracy_metres       double precision,
    address               text,
    uprn                  text,
    lsoa                  text,
    occurred_from         timestamptz,
    occurred_to           timestamptz,
    reported_at           timestamptz not null,
    recorded_at           timestamptz not null,
    rule_set              text        not null,
    outcome_code          text,
    outcome_evidence      bytea,
    outcome_at            timestamptz,
    disposal              smallint    not null default 0,
    disposed_at           timestamptz,
    cancellation_ground   smallint    not null default 0,
    cancellation_evidence text        not null default '',
    cancelled_at          timestamptz,
    sequence              bigint      not null,
    unique (report_id, allegation_number),
    check ((latitude is null) = (longitude is null)),
    check ((outcome_code is null) = (outcome_at is null)),
    check ((state = 3) = (cancelled_at is not null)),
    check (disposal = 0 or outcome_code in ('1', '1A'))
);
create index crime_recorded on crime (force, id);
create index crime_reported on crime (force, reported_at);

-- One row an allegation; number 0 where a report alleges nothing, so that every report is counted.
create table allegation (
    report_id     uuid     not null references report,
    number        smallint not null,
    offence_code  text     not null,
    -- Category of the public street-level file.
    category      text     not null,
    flags         smallint[] not null,
    decided_at    timestamptz,
    authority     text,
    rule_set      text,
    crime_id      uuid     references crime,
    crime_number  text     not null default '',
    absorbed_by   smallint not null default 0,
    reason        smallint not null default 0,
    primary key (report_id, number),
    -- Each ends in exactly one of a crime (its own, or the one that absorbs it) and a coded reason.
    check (decided_at is null or ((crime_id is null) <> (reason = 0))),
    check (decided_at is not null or (crime_id is null and reason = 0)),
    check (absorbed_by = 0 or crime_id is not null)
);
