create table effect (
    id       bigint generated always as identity primary key,
    subject  text   not null,
    sequence bigint not null,
    process  int    not null
);

-- A fault that is on while its name is here.
create table fault (name text primary key);
