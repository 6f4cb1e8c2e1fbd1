-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body`, `selection` and
-- the like are JSON. The twin of this file for SQLite differs in the words for types alone. Texts are
-- compared byte by byte ("C"), as SQLite does, whatever the database's own collation is.

-- dbt projects registered by command.
create table project (
    name text collate "C" not null primary key,
    location_kind text collate "C" not null check (location_kind in ('manifest', 'target_dir')),
    location_path text collate "C" not null,
    added_at bigint not null
);

-- One site of one BI tool each.
create table integration (
    name text collate "C" not null primary key,
    kind text collate "C" not null,
    server text collate "C" not null,
    site text collate "C" not null,
    token_name text collate "C" not null,
    allow_http bigint not null check (allow_http in (0, 1)),
    projects text collate "C" not null,
    selection text collate "C" not null,
    mapping text collate "C" not null,
    origin text collate "C" not null check (origin in ('command', 'file')),
    created_at bigint not null,
    updated_at bigint not null,
    -- When the last sync that landed came to its end.
    synced_at bigint
);

-- The secret of the integration's token, sealed.
create table secret (
    integration text collate "C" not null primary key references integration (name) on delete cascade,
    sealed text collate "C" not null
);

-- The inventory of the last landing, an item a row. The digest is that of the body.
create table inventory_item (
    integration text collate "C" not null references integration (name) on delete cascade,
    kind text collate "C" not null,
    id text collate "C" not null,
    digest text collate "C" not null,
    body text collate "C" not null,
    primary key (integration, kind, id)
);

-- Every asset since it was first seen. `last_seen` is filled when it goes; until then it is the end of
-- the last landing, or what `stale` says.
create table asset (
    integration text collate "C" not null references integration (name) on delete cascade,
    id text collate "C" not null,
    first_seen bigint not null,
    last_seen bigint,
    gone_at bigint,
    stale text collate "C",
    primary key (integration, id)
);

-- One row for an asset's exposure; it stays for a while after the exposure has gone.
create table exposure (
    integration text collate "C" not null,
    asset text collate "C" not null,
    digest text collate "C" not null,
    unique_id text collate "C" not null,
    name text collate "C" not null,
    label text collate "C" not null,
    last_seen bigint,
    gone_at bigint,
    body text collate "C" not null,
    primary key (integration, asset),
    foreign key (integration, asset) references asset (integration, id) on delete cascade
);

create index exposure_by_unique_id on exposure (unique_id);
create index exposure_by_name on exposure (name);
create index exposure_by_label on exposure (label);

-- Which exposures stand on which node.
create table exposure_link (
    integration text collate "C" not null,
    asset text collate "C" not null,
    node text collate "C" not null,
    primary key (integration, asset, node),
    foreign key (integration, asset) references exposure (integration, asset) on delete cascade
);

create index exposure_link_by_node on exposure_link (node);

-- The names that exposures were given; they outlive the exposure. `name_key` is the name, shortened
-- where it is too long for an index.
create table exposure_name (
    integration text collate "C" not null references integration (name) on delete cascade,
    asset text collate "C" not null,
    project text collate "C" not null,
    name text collate "C" not null,
    name_key text collate "C" not null,
    primary key (integration, asset, project)
);

create unique index exposure_name_by_project on exposure_name (project, name_key);

-- The history of syncs.
create table sync (
    id text collate "C" not null primary key,
    integration text collate "C" not null references integration (name) on delete cascade,
    started_at bigint not null,
    outcome text collate "C" not null,
    body text collate "C" not null
);

create index sync_by_integration on sync (integration, started_at);

-- Who may do what only one may do at a time, and until when.
create table lease (
    key text collate "C" not null primary key,
    holder text collate "C" not null,
    token text collate "C" not null,
    until bigint not null
);
