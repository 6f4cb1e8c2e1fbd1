-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body` is JSON. The twin of
-- this file for PostgreSQL differs in the words for types alone.

-- Connections that somebody has begun to describe. The secret is sealed.
create table integration_draft (
    id text not null primary key,
    body text not null,
    sealed text,
    updated_at integer not null
) strict;

-- What is known of an integration beside what it was declared with: when its secret was set, when its
-- token ends, its own time of the daily sync.
create table integration_fact (
    integration text not null references integration (name) on delete cascade,
    kind text not null,
    body text not null,
    updated_at integer not null,
    primary key (integration, kind)
) strict;
