-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC; `body`, `selection` and
-- the like are JSON. The twin of this file for PostgreSQL differs in the words for types alone.

-- Marks the file as a store of Tailwater ("TWTR"), so that no other program's database is taken for one.
pragma application_id = 0x54575452;

-- dbt projects registered by command.
create table project (
    name text not null primary key,
    location_kind text not null check (location_kind in ('manifest', 'target_dir')),
    location_path text not null,
    added_at integer not null
) strict;

-- One site of one BI tool each.
create table integration (
    name text not null primary key,
    kind text not null,
    server text not null,
    site text not null,
    token_name text not null,
    allow_http integer not null check (allow_http in (0, 1)),
    projects text not null,
    selection text not null,
    mapping text not null,
    origin text not null check (origin in ('command', 'file')),
    created_at integer not null,
    updated_at integer not null,
    -- When the last sync that landed came to its end.
    synced_at integer
) strict;

-- The secret of the integration's token, sealed.
create table secret (
    integration text not null primary key references integration (name) on delete cascade,
    sealed text not null
) strict;

-- The inventory of the last landing, an item a row. The digest is that of the body.
create table inventory_item (
    integration text not null references integration (name) on delete cascade,
    kind text not null,
    id text not null,
    digest text not null,
    body text not null,
    primary key (integration, kind, id)
) strict;

-- Every asset since it was first seen. `last_seen` is filled when it goes; until then it is the end of
-- the last landing, or what `stale` says.
create table asset (
    integration text not null references integration (name) on delete cascade,
    id text not null,
    first_seen integer not null,
    last_seen integer,
    gone_at integer,
    stale text,
    primary key (integration, id)
) strict;

-- One row for an asset's exposure; it stays for a while after the exposure has gone.
create table exposure (
    integration text not null,
    asset text not null,
    digest text not null,
    unique_id text not null,
    name text not null,
    label text not null,
    last_seen integer,
    gone_at integer,
    body text not null,
    primary key (integration, asset),
    foreign key (integration, asset) references asset (integration, id) on delete cascade
) strict;

create index exposure_by_unique_id on exposure (unique_id);
create index exposure_by_name on exposure (name);
create index exposure_by_label on exposure (label);

-- Which exposures stand on which node.
create table exposure_link (
    integration text not null,
    asset text not null,
    node text not null,
    primary key (integration, asset, node),
    foreign key (integration, asset) references exposure (integration, asset) on delete cascade
) strict;

create index exposure_link_by_node on exposure_link (node);

-- The names that exposures were given; they outlive the exposure. `name_key` is the name, shortened
-- where it is too long for an index.
create table exposure_name (
    integration text not null references integration (name) on delete cascade,
    asset text not null,
    project text not null,
    name text not null,
    name_key text not null,
    primary key (integration, asset, project)
) strict;

create unique index exposure_name_by_project on exposure_name (project, name_key);

-- The history of syncs.
create table sync (
    id text not null primary key,
    integration text not null references integration (name) on delete cascade,
    started_at integer not null,
    outcome text not null,
    body text not null
) strict;

create index sync_by_integration on sync (integration, started_at);

-- Who may do what only one may do at a time, and until when.
create table lease (
    key text not null primary key,
    holder text not null,
    token text not null,
    until integer not null
) strict;
