-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body` is JSON. The twin of
-- this file for SQLite differs in the words for types alone.

-- Connections that somebody has begun to describe. The secret is sealed.
create table integration_draft (
    id text collate "C" not null primary key,
    body text collate "C" not null,
    sealed text collate "C",
    updated_at bigint not null
);

-- What is known of an integration beside what it was declared with: when its secret was set, when its
-- token ends, its own time of the daily sync.
create table integration_fact (
    integration text collate "C" not null references integration (name) on delete cascade,
    kind text collate "C" not null,
    body text collate "C" not null,
    updated_at bigint not null,
    primary key (integration, kind)
);
