E-- insert with on conflict
-- tables: src
-- columns: id = src.id; v = src.v
insert into dst (id, v) select id, v from src on conflict (id) do update set v = excluded.v