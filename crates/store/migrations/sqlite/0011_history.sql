-- Texts and 64-bit integers only; instants are microseconds since 1970 in UTC. The twin of this file for PostgreSQL
-- differs in the words for types alone.

-- The edition of an integration's exposures grows by one with whatever changes one of them: a sync, another reading of
-- what a sync left, a curation. Changes up to `edition_kept` are forgotten; what was so before `kept_since` is not known
-- any more, where it is null nothing was ever forgotten.
alter table integration add column edition integer not null default 0;
alter table integration add column edition_kept integer not null default 0;
alter table integration add column kept_since integer;

-- The edition that a sync left; unknown of syncs before it was kept.
alter table sync add column edition integer;

-- What changed with each edition, an exposure a row.
create table exposure_change (
    integration text not null references integration (name) on delete cascade,
    edition integer not null,
    asset text not null,
    changed_at integer not null,
    -- The sync that brought it; null when no sync did.
    sync text,
    -- Who did it by hand; null when nobody did.
    hand text,
    body text not null,
    primary key (integration, edition, asset)
) strict;

create index exposure_change_by_time on exposure_change (integration, changed_at);

-- What there is now is edition 0: what the last sync left that landed, and the failed ones after it.
update integration set kept_since = synced_at;
update sync set edition = 0 where started_at >= coalesce(
    (select max(landed.started_at) from sync as landed
     where landed.integration = sync.integration and landed.outcome in ('changed', 'unchanged', 'partial')), 0);
