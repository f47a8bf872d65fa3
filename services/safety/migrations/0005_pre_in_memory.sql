-- What a replica has in memory alone: neither the database nor a disk has taken it (I8).
alter table spool_level add column in_memory bigint not null default 0;
alter table spool_level add column in_memory_since timestamptz;
