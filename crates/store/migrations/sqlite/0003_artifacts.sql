-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body` is JSON. The twin of
-- this file for PostgreSQL differs in the words for types alone, and in how a check is replaced.

-- A project may have no path of its own: then its artifacts are handed over.
create table project_with_or_without_path (
    name text not null primary key,
    location_kind text not null check (location_kind in ('none', 'manifest', 'target_dir')),
    location_path text not null,
    added_at integer not null
) strict;
insert into project_with_or_without_path select name, location_kind, location_path, added_at from project;
drop table project;
alter table project_with_or_without_path rename to project;

-- Environments registered by command. Projects may be declared in a file, so nothing here refers to them.
create table environment (
    project text not null,
    name text not null,
    is_production integer not null check (is_production in (0, 1)),
    location_kind text not null check (location_kind in ('none', 'manifest', 'target_dir')),
    location_path text not null,
    added_at integer not null,
    primary key (project, name)
) strict;

-- The artifacts that were handed over and are in use. The file lies in the directory of artifacts.
create table artifact (
    project text not null,
    environment text not null,
    kind text not null,
    digest text not null,
    body text not null,
    primary key (project, environment, kind)
) strict;

-- Invocations of dbt: what ran, and checks of freshness. The id follows from project, environment, kind and
-- dbt's own id of the invocation, so that one is recorded once.
create table run (
    id text not null primary key,
    project text not null,
    environment text not null,
    kind text not null check (kind in ('run', 'freshness')),
    generated_at integer not null,
    is_success integer not null check (is_success in (0, 1)),
    body text not null
) strict;

create index run_by_environment on run (project, environment, kind, generated_at);

-- How each node of an invocation ended. `node` is dbt's id, shortened where it is too long for an index.
create table run_result (
    run text not null references run (id) on delete cascade,
    node text not null,
    body text not null,
    primary key (run, node)
) strict;

create index run_result_by_node on run_result (node);

-- How each node ended last, folded from all invocations, also from those that are no longer kept.
create table node_state (
    project text not null,
    environment text not null,
    node text not null,
    body text not null,
    primary key (project, environment, node)
) strict;

-- Counts every change of the tables above, so that other processes notice one, and makes writers wait for
-- one another. It holds one row.
create table artifact_revision (
    id integer not null primary key check (id = 1),
    number integer not null
) strict;

insert into artifact_revision (id, number) values (1, 0);
