-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body` is JSON. The twin of
-- this file for PostgreSQL differs in the words for types alone.

-- Jobs that were made in the pages or by command. Those declared in `tailwater.toml` have no row.
create table job (
    name text not null primary key,
    body text not null,
    updated_at integer not null
) strict;

-- The last set time that was answered, for each job with a schedule, declared or not. `schedule` is the text
-- that it was answered for: another one begins anew.
create table job_clock (
    job text not null primary key,
    schedule text not null,
    answered_at integer not null
) strict;

-- Values of secret variables, sealed. They are never given out again but to a run.
create table job_secret (
    job text not null,
    name text not null,
    sealed text not null,
    updated_at integer not null,
    primary key (job, name)
) strict;

-- Jobs that a webhook sets off: the SHA-256 of the secret in its address.
create table job_webhook (
    job text not null primary key,
    digest text not null unique,
    made_at integer not null
) strict;

-- Every run of a job. `change` is the number of its last change.
create table job_run (
    id text not null primary key,
    job text not null,
    project text not null,
    state text not null,
    cause text not null,
    queued_at integer not null,
    not_before integer not null,
    change integer not null,
    -- Who runs it, and until when unless it gives a sign of life.
    token text,
    until integer,
    -- Who asked for its end while it runs.
    cancelled_by text,
    body text not null
) strict;

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
    run text not null references job_run (id) on delete cascade,
    step integer not null,
    node text not null,
    body text not null,
    primary key (run, step, node)
) strict;

-- The processes that run jobs, with their last sign of life.
create table worker (
    id text not null primary key,
    seen_at integer not null,
    body text not null
) strict;

-- Counts every change of runs. It holds one row, which is taken last in a transaction, so that numbers of
-- changes grow in the order in which the changes are seen.
create table job_revision (
    id integer not null primary key check (id = 1),
    number integer not null
) strict;

insert into job_revision (id, number) values (1, 0);
