-- The tray of contacts without THRIVE is counted every few seconds: by what is in it, not by all that ever was.

create index contact_unassessed on contact (first_contact_at) where state = 1;
