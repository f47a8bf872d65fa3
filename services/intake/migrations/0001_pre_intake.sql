-- Contacts with what they allege, and the incidents they become.

create table contact (
    id                uuid        primary key,
    force             text        not null,
    channel           smallint    not null check (channel between 1 and 6),
    category          smallint    not null check (category between 1 and 7),
    state             smallint    not null check (state between 1 and 4),
    first_contact_at  timestamptz not null,
    recorded_at       timestamptz not null,
    reporter_ref      text        not null,
    reporter_relation smallint    not null check (reporter_relation between 1 and 6),
    people            jsonb       not null,
    -- All of them null where nobody knows the place: none is invented.
    latitude          double precision check (latitude between -90 and 90),
    longitude         double precision check (longitude between -180 and 180),
    accuracy_metres   double precision,
    address           text,
    uprn              text,
    lsoa              text,
    occurred_from     timestamptz,
    occurred_to       timestamptz,
    narrative         text        not null,
    thrive            jsonb,
    incident_id       uuid,
    -- Counts the events of this contact.
    sequence          bigint      not null,
    check ((latitude is null) = (longitude is null)),
    check (occurred_from <= occurred_to),
    check (first_contact_at <= recorded_at),
    check (state = 1 or thrive is not null)
);
create index contact_newest on contact (force, id desc);

create table allegation (
    contact_id                    uuid     not null references contact,
    number                        smallint not null check (number > 0),
    offence_code                  text     not null,
    victim_ref                    text     not null,
    suspect_ref                   text     not null,
    victim_confirms               boolean  not null,
    points_to_prove_made_out      boolean  not null,
    credible_evidence_to_contrary boolean  not null,
    occurred_from                 timestamptz,
    occurred_to                   timestamptz,
    flags                         smallint[] not null,
    decision                      smallint not null default 0 check (decision between 0 and 3),
    decision_detail               text     not null default '',
    primary key (contact_id, number)
);

create table incident (
    id           uuid        primary key,
    contact_id   uuid        not null unique references contact,
    force        text        not null,
    state        smallint    not null check (state in (1, 2)),
    grade        text        not null,
    graded_at    timestamptz not null,
    attend_by    timestamptz,
    category     smallint    not null,
    closing_kind smallint    not null default 0 check (closing_kind between 0 and 3),
    closed_at    timestamptz,
    sequence     bigint      not null,
    check ((state = 2) = (closed_at is not null))
);
create index incident_newest on incident (force, id desc);
create index incident_open on incident (force, graded_at) where state = 1;
