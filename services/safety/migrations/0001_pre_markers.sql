-- Warning markers, what they said before, and by what they are found.

-- Trusted since PostgreSQL 13: whoever owns the database may make it. Where only a DBA may, it is there already, in a
-- schema of the search path.
create extension if not exists pg_trgm;

create table marker (
    id                    uuid        primary key,
    force                 text        not null,
    subject               jsonb       not null,
    code                  text        not null check (code <> ''),
    severity              smallint    not null check (severity between 1 and 4),
    source                smallint    not null check (source between 1 and 5),
    reliability           smallint    not null check (reliability between 1 and 3),
    grounds               text        not null check (grounds <> ''),
    handling_instruction  text        not null,
    restricted            boolean     not null,
    contact_point         text        not null,
    created_by            text        not null,
    created_at            timestamptz not null,
    changed_by            text        not null,
    changed_at            timestamptz not null,
    review_due            timestamptz not null,
    expires_at            timestamptz not null,
    -- Counts the changes, and with them the events, of this marker.
    version               bigint      not null check (version > 0),
    withdrawn_at          timestamptz,
    withdrawn_explanation text        not null,
    certificate_number    text        not null,
    -- The last import of the register of certificate holders that held it.
    seen_in               bigint,
    -- When its review was asked for; null once it was revised.
    review_asked_at       timestamptz,
    check (review_due <= expires_at),
    check (contact_point <> '' or not restricted),
    check ((withdrawn_at is null) = (withdrawn_explanation = '')),
    check ((certificate_number <> '') = (source = 5))
);
-- A certificate has one marker that stands.
create unique index marker_certificate on marker (force, certificate_number)
    where certificate_number <> '' and withdrawn_at is null;
create index marker_ends on marker (expires_at) where withdrawn_at is null;
create index marker_to_review on marker (review_due) where review_asked_at is not null;

-- Every version of every marker: what was known when somebody was sent can be told years later.
create table marker_version (
    marker_id             uuid        not null references marker,
    version               bigint      not null,
    changed_by            text        not null,
    changed_at            timestamptz not null,
    said                  jsonb       not null,
    withdrawn_explanation text        not null,
    primary key (marker_id, version)
);
create function marker_version_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the history of markers is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger marker_version_append_only before update or delete or truncate on marker_version
    for each statement execute function marker_version_is_append_only();

-- A name, address, phone or vehicle of a marker's subject, in the plain form in which it is looked for (R-MK-01, R-SR-01).
create table marker_way (
    marker_id uuid     not null references marker,
    force     text     not null,
    means     smallint not null check (means between 1 and 6),
    plain     text     not null,
    -- Date of birth beside a person's name; '' where nobody knows it.
    born      text     not null
);
create index marker_way_marker on marker_way (marker_id);
create index marker_way_exact on marker_way (force, means, plain);
create index marker_way_born on marker_way (force, born) where means = 1 and born <> '';
create index marker_way_name on marker_way using gin (plain gin_trgm_ops) where means = 1;
create index marker_way_organisation on marker_way using gin (plain gin_trgm_ops) where means = 2;
create index marker_way_address on marker_way using gin (plain gin_trgm_ops) where means = 3;
create index marker_way_vehicle on marker_way using gin (plain gin_trgm_ops) where means = 6;

-- Each time firearms licensing sent its register (R-MK-04).
create table certificate_import (
    force        text        not null,
    number       bigint      not null,
    started_at   timestamptz not null,
    started_by   text        not null,
    received     bigint      not null default 0,
    refused      bigint      not null default 0,
    completed_at timestamptz,
    primary key (force, number)
);
