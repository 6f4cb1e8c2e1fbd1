-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body` is JSON. The twin of
-- this file for PostgreSQL differs in the words for types alone.

-- Channels that were made by command. What must stay secret, the address of a webhook among it, is sealed.
create table signal_channel (
    name text not null primary key,
    body text not null,
    sealed text,
    updated_at integer not null
) strict;

-- What was wrong and was told. `key` names kind and subject, shortened where it is too long for an index.
create table signal_alarm (
    id text not null primary key,
    key text not null,
    is_open integer not null check (is_open in (0, 1)),
    opened_at integer not null,
    ended_at integer,
    body text not null
) strict;

-- Of one kind and subject only one alarm is open: nothing is told twice.
create unique index signal_alarm_open on signal_alarm (key) where is_open = 1;
create index signal_alarm_by_age on signal_alarm (opened_at, id);

-- What is to be sent, and what came of it. A delivery keeps its id over every attempt.
create table signal_delivery (
    id text not null primary key,
    channel text not null,
    state text not null,
    attempts integer not null,
    made_at integer not null,
    next_at integer,
    ended_at integer,
    error text,
    body text not null
) strict;

create index signal_delivery_by_channel on signal_delivery (channel, id) where state = 'waiting';
create index signal_delivery_by_age on signal_delivery (made_at, id);

-- Up to which change of something was looked.
create table signal_cursor (
    name text not null primary key,
    number integer not null
) strict;

-- Warnings that were put on content of a BI tool: those are taken back again, no others are touched. A row is
-- here before the tool is asked, and goes after the tool has taken the warning back.
create table quality_warning (
    integration text not null,
    content_kind text not null,
    content text not null,
    tool_id text,
    updated_at integer not null,
    body text not null,
    primary key (integration, content_kind, content)
) strict;
