-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body`, `stand` and the like
-- are JSON. The twin of this file for SQLite differs in the words for types alone.

-- Every refresh, from the decision to its end. `target` is the tool's id, shortened where it is too long for an
-- index; `site` is what limits are counted by; `change` is the number of its last change.
create table refresh (
    id text collate "C" not null primary key,
    change bigint not null,
    integration text collate "C" not null,
    target_kind text collate "C" not null,
    target text collate "C" not null,
    site text collate "C" not null,
    outcome text collate "C" not null,
    is_open bigint not null check (is_open in (0, 1)),
    priority bigint not null,
    deadline bigint,
    not_before bigint,
    asked_at bigint not null,
    sent_at bigint,
    job_run text collate "C",
    at_once bigint not null,
    per_hour bigint,
    -- Who works at it, and until when unless it gives a sign of life.
    holder text collate "C",
    token text collate "C",
    until bigint,
    -- Who asked for it to be cancelled, while it cannot be at once.
    cancelled_by text collate "C",
    stand text collate "C" not null,
    body text collate "C" not null
);

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
    refresh text collate "C" not null references refresh (id) on delete cascade,
    exposure text collate "C" not null,
    primary key (refresh, exposure)
);

create index refresh_exposure_by_exposure on refresh_exposure (exposure);

-- How the refreshes of each target ended last, also of those that are no longer kept.
create table refresh_last (
    integration text collate "C" not null,
    target_kind text collate "C" not null,
    target text collate "C" not null,
    body text collate "C" not null,
    primary key (integration, target_kind, target)
);

-- Until when a site takes no more, as it said itself.
create table refresh_pause (
    site text collate "C" not null primary key,
    until bigint not null,
    reason text collate "C" not null
);

-- Counts every change of refreshes, and makes writers wait for one another, so that limits are counted by one at
-- a time. It holds one row.
create table refresh_revision (
    id bigint not null primary key check (id = 1),
    number bigint not null
);

insert into refresh_revision (id, number) values (1, 0);
