-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC. The twin of this file for SQLite
-- differs in the words for types alone.

-- Names what a delivery tells, so that it is made once, whoever makes it: of a channel and a name there is one.
alter table signal_delivery add column key text collate "C";
create unique index signal_delivery_by_key on signal_delivery (channel, key) where key is not null;

-- The number of the change with which an invocation was recorded.
alter table run add column change bigint not null default 0;
create index run_by_change on run (change);
