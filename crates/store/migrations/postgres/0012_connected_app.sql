-- A connected app in place of a token: client id, id of the secret and user, as JSON. Where it is set,
-- `token_name` is empty. The secret's value is sealed in `secret`, as a token's is.
alter table integration add column connected_app text collate "C";
