-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body` is JSON. The twin of
-- this file for SQLite differs in the words for types alone, and in how a check is replaced.

-- A project may have no path of its own: then its artifacts are handed over.
alter table project drop constraint project_location_kind_check;
alter table project add constraint project_location_kind_check
    check (location_kind in ('none', 'manifest', 'target_dir'));

-- Environments registered by command. Projects may be declared in a file, so nothing here refers to them.
create table environment (
    project text collate "C" not null,
    name text collate "C" not null,
    is_production bigint not null check (is_production in (0, 1)),
    location_kind text collate "C" not null check (location_kind in ('none', 'manifest', 'target_dir')),
    location_path text collate "C" not null,
    added_at bigint not null,
    primary key (project, name)
);

-- The artifacts that were handed over and are in use. The file lies in the directory of artifacts.
create table artifact (
    project text collate "C" not null,
    environment text collate "C" not null,
    kind text collate "C" not null,
    digest text collate "C" not null,
    body text collate "C" not null,
    primary key (project, environment, kind)
);

-- Invocations of dbt: what ran, and checks of freshness. The id follows from project, environment, kind and
-- dbt's own id of the invocation, so that one is recorded once.
create table run (
    id text collate "C" not null primary key,
    project text collate "C" not null,
    environment text collate "C" not null,
    kind text collate "C" not null check (kind in ('run', 'freshness')),
    generated_at bigint not null,
    is_success bigint not null check (is_success in (0, 1)),
    body text collate "C" not null
);

create index run_by_environment on run (project, environment, kind, generated_at);

-- How each node of an invocation ended. `node` is dbt's id, shortened where it is too long for an index.
create table run_result (
    run text collate "C" not null references run (id) on delete cascade,
    node text collate "C" not null,
    body text collate "C" not null,
    primary key (run, node)
);

create index run_result_by_node on run_result (node);

-- How each node ended last, folded from all invocations, also from those that are no longer kept.
create table node_state (
    project text collate "C" not null,
    environment text collate "C" not null,
    node text collate "C" not null,
    body text collate "C" not null,
    primary key (project, environment, node)
);

-- Counts every change of the tables above, so that other processes notice one, and makes writers wait for
-- one another. It holds one row.
create table artifact_revision (
    id bigint not null primary key check (id = 1),
    number bigint not null
);

insert into artifact_revision (id, number) values (1, 0);
