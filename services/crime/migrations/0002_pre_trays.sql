-- Trays are counted every few seconds: by what is in them, not by all that ever was.

create index report_undecided on report (first_contact_at) where state = 1;
create index crime_without_outcome on crime (recorded_at) where state = 1;
