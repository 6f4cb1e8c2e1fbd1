-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body` is JSON. The twin of
-- this file for SQLite differs in the words for types alone.

-- Jobs that were made in the pages or by command. Those declared in `tailwater.toml` have no row.
create table job (
    name text collate "C" not null primary key,
    body text collate "C" not null,
    updated_at bigint not null
);

-- The last set time that was answered, for each job with a schedule, declared or not. `schedule` is the text
-- that it was answered for: another one begins anew.
create table job_clock (
    job text collate "C" not null primary key,
    schedule text collate "C" not null,
    answered_at bigint not null
);

-- Values of secret variables, sealed. They are never given out again but to a run.
create table job_secret (
    job text collate "C" not null,
    name text collate "C" not null,
    sealed text collate "C" not null,
    updated_at bigint not null,
    primary key (job, name)
);

-- Jobs that a webhook sets off: the SHA-256 of the secret in its address.
create table job_webhook (
    job text collate "C" not null primary key,
    digest text collate "C" not null unique,
    made_at bigint not null
);

-- Every run of a job. `change` is the number of its last change.
create table job_run (
    id text collate "C" not null primary key,
    job text collate "C" not null,
    project text collate "C" not null,
    state text collate "C" not null,
    cause text collate "C" not null,
    queued_at bigint not null,
    not_before bigint not null,
    change bigint not null,
    -- Who runs it, and until when unless it gives a sign of life.
    token text collate "C",
    until bigint,
    -- Who asked for its end while it runs.
    cancelled_by text collate "C",
    body text collate "C" not null
);

-- Runs of one job follow one another: no two processes can ever run two of them.
create unique index job_run_running on job_run (job) where state = 'running';
create index job_run_queue on job_run (job, queued_at, id) where state = 'queued';
create index job_run_waiting on job_run (queued_at, id) where state = 'queued';
create index job_run_by_end on job_run (until) where state = 'running';
create index job_run_by_job on job_run (job, queued_at, id);
create index job_run_by_age on job_run (queued_at, id);
create index job_run_by_change on job_run (change);

-- How each node of a run ended.
create table job_run_node (
    run text collate "C" not null references job_run (id) on delete cascade,
    step bigint not null,
    node text collate "C" not null,
    body text collate "C" not null,
    primary key (run, step, node)
);

-- The processes that run jobs, with their last sign of life.
create table worker (
    id text collate "C" not null primary key,
    seen_at bigint not null,
    body text collate "C" not null
);

-- Counts every change of runs. It holds one row, which is taken last in a transaction, so that numbers of
-- changes grow in the order in which the changes are seen.
create table job_revision (
    id bigint not null primary key check (id = 1),
    number bigint not null
);

insert into job_revision (id, number) values (1, 0);
