-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body` is JSON. The twin of
-- this file for SQLite differs in the words for types alone.

-- Channels that were made by command. What must stay secret, the address of a webhook among it, is sealed.
create table signal_channel (
    name text collate "C" not null primary key,
    body text collate "C" not null,
    sealed text collate "C",
    updated_at bigint not null
);

-- What was wrong and was told. `key` names kind and subject, shortened where it is too long for an index.
create table signal_alarm (
    id text collate "C" not null primary key,
    key text collate "C" not null,
    is_open bigint not null check (is_open in (0, 1)),
    opened_at bigint not null,
    ended_at bigint,
    body text collate "C" not null
);

-- Of one kind and subject only one alarm is open: nothing is told twice.
create unique index signal_alarm_open on signal_alarm (key) where is_open = 1;
create index signal_alarm_by_age on signal_alarm (opened_at, id);

-- What is to be sent, and what came of it. A delivery keeps its id over every attempt.
create table signal_delivery (
    id text collate "C" not null primary key,
    channel text collate "C" not null,
    state text collate "C" not null,
    attempts bigint not null,
    made_at bigint not null,
    next_at bigint,
    ended_at bigint,
    error text collate "C",
    body text collate "C" not null
);

create index signal_delivery_by_channel on signal_delivery (channel, id) where state = 'waiting';
create index signal_delivery_by_age on signal_delivery (made_at, id);

-- Up to which change of something was looked.
create table signal_cursor (
    name text collate "C" not null primary key,
    number bigint not null
);

-- Warnings that were put on content of a BI tool: those are taken back again, no others are touched. A row is
-- here before the tool is asked, and goes after the tool has taken the warning back.
create table quality_warning (
    integration text collate "C" not null,
    content_kind text collate "C" not null,
    content text collate "C" not null,
    tool_id text collate "C",
    updated_at bigint not null,
    body text collate "C" not null,
    primary key (integration, content_kind, content)
);
