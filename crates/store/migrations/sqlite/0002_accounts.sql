-- Who may use this installation, and who changed what. Secrets are kept as digests: of passwords an Argon2
-- hash in PHC form, of all that is long and random a SHA-256 in hexadecimal digits.

-- People with a password. `name_key` is the name as it is compared.
create table account (
    id text not null primary key,
    name text not null,
    name_key text not null unique,
    display_name text,
    email text,
    role text not null check (role in ('viewer', 'operator', 'admin')),
    is_disabled integer not null check (is_disabled in (0, 1)),
    password_hash text not null,
    created_at integer not null,
    last_signed_in_at integer
) strict;

-- Browsers that are signed in.
create table session (
    id text not null primary key,
    digest text not null unique,
    account text not null references account (id) on delete cascade,
    created_at integer not null,
    last_seen_at integer not null,
    expires_at integer not null,
    address text,
    agent text
) strict;

create index session_by_account on session (account);
create index session_by_expiry on session (expires_at);

-- Tokens for programs. A token without an account was made beside the store, by command.
create table api_token (
    id text not null primary key,
    name text not null,
    name_key text not null unique,
    digest text not null unique,
    role text not null check (role in ('viewer', 'operator', 'admin')),
    ending text not null,
    account text references account (id) on delete cascade,
    created_at integer not null,
    expires_at integer,
    last_used_at integer
) strict;

create index api_token_by_account on api_token (account);

-- Links that are good once. A row goes when its link is used.
create table one_time_link (
    digest text not null primary key,
    kind text not null check (kind in ('set_up', 'invite', 'reset')),
    role text check (role in ('viewer', 'operator', 'admin')),
    account text references account (id) on delete cascade,
    created_at integer not null,
    expires_at integer not null
) strict;

create index one_time_link_by_account on one_time_link (account);

-- Who changed what. Rows are only added; names stay as they were then. `sequence` counts acts of one
-- instant; `actor_key` is the actor's title as it is compared.
create table audit (
    id text not null primary key,
    at integer not null,
    sequence integer not null,
    actor_kind text not null check (actor_kind in ('user', 'token', 'command_line', 'system', 'local')),
    actor_id text,
    actor_name text,
    actor_key text not null,
    actor_role text,
    action text not null,
    subject text not null,
    detail text not null
) strict;

create index audit_by_instant on audit (at, sequence);

-- Small values of the installation as a whole.
create table setting (
    name text not null primary key,
    value text not null
) strict;
