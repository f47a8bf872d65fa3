-- The vehicles that a contact names: a marker may stand on one of them (R-MK-01).

alter table contact add column vehicle_registrations text[] not null default '{}';
