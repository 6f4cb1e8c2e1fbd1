-- What people said by command or on pages of when extracts are refreshed, one scope a row: an environment, an
-- integration, a collection, an exposure. `scope` is its key as text, shortened where it is too long for an index;
-- `body` has it in full. A change counts as one of curation, so that every process notices it.
create table policy (
    scope text not null primary key,
    changed_at integer not null,
    body text not null
) strict;
