-- Who may use this installation, and who changed what. Secrets are kept as digests: of passwords an Argon2
-- hash in PHC form, of all that is long and random a SHA-256 in hexadecimal digits.

-- People with a password. `name_key` is the name as it is compared.
create table account (
    id text collate "C" not null primary key,
    name text collate "C" not null,
    name_key text collate "C" not null unique,
    display_name text collate "C",
    email text collate "C",
    role text collate "C" not null check (role in ('viewer', 'operator', 'admin')),
    is_disabled bigint not null check (is_disabled in (0, 1)),
    password_hash text collate "C" not null,
    created_at bigint not null,
    last_signed_in_at bigint
);

-- Browsers that are signed in.
create table session (
    id text collate "C" not null primary key,
    digest text collate "C" not null unique,
    account text collate "C" not null references account (id) on delete cascade,
    created_at bigint not null,
    last_seen_at bigint not null,
    expires_at bigint not null,
    address text collate "C",
    agent text collate "C"
);

create index session_by_account on session (account);
create index session_by_expiry on session (expires_at);

-- Tokens for programs. A token without an account was made beside the store, by command.
create table api_token (
    id text collate "C" not null primary key,
    name text collate "C" not null,
    name_key text collate "C" not null unique,
    digest text collate "C" not null unique,
    role text collate "C" not null check (role in ('viewer', 'operator', 'admin')),
    ending text collate "C" not null,
    account text collate "C" references account (id) on delete cascade,
    created_at bigint not null,
    expires_at bigint,
    last_used_at bigint
);

create index api_token_by_account on api_token (account);

-- Links that are good once. A row goes when its link is used.
create table one_time_link (
    digest text collate "C" not null primary key,
    kind text collate "C" not null check (kind in ('set_up', 'invite', 'reset')),
    role text collate "C" check (role in ('viewer', 'operator', 'admin')),
    account text collate "C" references account (id) on delete cascade,
    created_at bigint not null,
    expires_at bigint not null
);

create index one_time_link_by_account on one_time_link (account);

-- Who changed what. Rows are only added; names stay as they were then. `sequence` counts acts of one
-- instant; `actor_key` is the actor's title as it is compared.
create table audit (
    id text collate "C" not null primary key,
    at bigint not null,
    sequence bigint not null,
    actor_kind text collate "C" not null check (actor_kind in ('user', 'token', 'command_line', 'system', 'local')),
    actor_id text collate "C",
    actor_name text collate "C",
    actor_key text collate "C" not null,
    actor_role text collate "C",
    action text collate "C" not null,
    subject text collate "C" not null,
    detail text collate "C" not null
);

create index audit_by_instant on audit (at, sequence);

-- Small values of the installation as a whole.
create table setting (
    name text collate "C" not null primary key,
    value text collate "C" not null
);
