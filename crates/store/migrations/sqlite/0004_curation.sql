-- What people said of an asset's exposure, one thing a row: whether it is imported (`presence`, with an empty
-- key), a field's value (`field`, by name), a link made or undone (`link`, by the node's `unique_id`).
-- It belongs to the asset's id, not to its row: it outlives a workbook that goes and comes back.
create table curation (
    integration text not null references integration (name) on delete cascade,
    asset text not null,
    kind text not null check (kind in ('presence', 'field', 'link')),
    key text not null,
    body text not null,
    primary key (integration, asset, kind, key)
) strict;

-- Counts every change of curation, so that other processes notice one. It holds one row.
create table curation_revision (
    id integer not null primary key check (id = 1),
    number integer not null
) strict;

insert into curation_revision (id, number) values (1, 0);
