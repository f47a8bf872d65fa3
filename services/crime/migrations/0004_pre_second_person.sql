-- What takes two people (R-CR-06), the record that a rape leaves where it is not recorded (2.4), transfers (2.1, rule 7).

alter table allegation
    add column decided_by               text     not null default '',
    add column reported_incident        text     not null default '',
    add column transfer_reference       text     not null default '',
    add column transfer_acknowledgement text     not null default '',
    -- One person would not record it, and a second has not said so yet.
    add column proposed_reason          smallint not null default 0,
    add column proposed_by              text     not null default '',
    add column proposed_at              timestamptz,
    add check ((proposed_reason = 0) = (proposed_at is null));
create index allegation_awaiting_second_person on allegation (proposed_at)
    where proposed_at is not null and decided_at is null;

alter table crime add column recorded_by text not null default '';
