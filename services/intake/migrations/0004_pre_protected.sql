-- What protects a victim whose own word is missing: that they are vulnerable, or that the crime is evident (2.1, rule 6).

alter table allegation add column victim_vulnerable boolean not null default false;
alter table allegation add column crime_evident boolean not null default false;
