-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body`, `stand` and the like
-- are JSON. The twin of this file for PostgreSQL differs in the words for types alone.

-- Every refresh, from the decision to its end. `target` is the tool's id, shortened where it is too long for an
-- index; `site` is what limits are counted by; `change` is the number of its last change.
create table refresh (
    id text not null primary key,
    change integer not null,
    integration text not null,
    target_kind text not null,
    target text not null,
    site text not null,
    outcome text not null,
    is_open integer not null check (is_open in (0, 1)),
    priority integer not null,
    deadline integer,
    not_before integer,
    asked_at integer not null,
    sent_at integer,
    job_run text,
    at_once integer not null,
    per_hour integer,
    -- Who works at it, and until when unless it gives a sign of life.
    holder text,
    token text,
    until integer,
    -- Who asked for it to be cancelled, while it cannot be at once.
    cancelled_by text,
    stand text not null,
    body text not null
) strict;

-- Of all refreshes of one target only one is open: no two processes can ever ask twice.
create unique index refresh_open on refresh (integration, target_kind, target) where is_open = 1;
create index refresh_queue on refresh (site, outcome) where is_open = 1;
create index refresh_by_target on refresh (integration, target_kind, target, asked_at);
create index refresh_by_age on refresh (asked_at, id);
create index refresh_by_change on refresh (change);
create index refresh_by_job_run on refresh (job_run);
create index refresh_by_sending on refresh (site, sent_at);

-- Which exposures a refresh was for. `exposure` is its `unique_id`, shortened where it is too long for an index.
create table refresh_exposure (
    refresh text not null references refresh (id) on delete cascade,
    exposure text not null,
    primary key (refresh, exposure)
) strict;

create index refresh_exposure_by_exposure on refresh_exposure (exposure);

-- How the refreshes of each target ended last, also of those that are no longer kept.
create table refresh_last (
    integration text not null,
    target_kind text not null,
    target text not null,
    body text not null,
    primary key (integration, target_kind, target)
) strict;

-- Until when a site takes no more, as it said itself.
create table refresh_pause (
    site text not null primary key,
    until integer not null,
    reason text not null
) strict;

-- Counts every change of refreshes, and makes writers wait for one another, so that limits are counted by one at
-- a time. It holds one row.
create table refresh_revision (
    id integer not null primary key check (id = 1),
    number integer not null
) strict;

insert into refresh_revision (id, number) values (1, 0);
