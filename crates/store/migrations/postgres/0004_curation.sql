-- What people said of an asset's exposure, one thing a row: whether it is imported (`presence`, with an empty
-- key), a field's value (`field`, by name), a link made or undone (`link`, by the node's `unique_id`).
-- It belongs to the asset's id, not to its row: it outlives a workbook that goes and comes back.
create table curation (
    integration text collate "C" not null references integration (name) on delete cascade,
    asset text collate "C" not null,
    kind text collate "C" not null check (kind in ('presence', 'field', 'link')),
    key text collate "C" not null,
    body text collate "C" not null,
    primary key (integration, asset, kind, key)
);

-- Counts every change of curation, so that other processes notice one. It holds one row.
create table curation_revision (
    id bigint not null primary key check (id = 1),
    number bigint not null
);

insert into curation_revision (id, number) values (1, 0);
