-- a struct with dots and list slices
-- tables: t
-- columns: a = t.s; b = t.l
select s.x.y as a, l[1:2] as b from t
----
-- columns expression and replace
-- tables: t
select columns('a.*'), columns(* exclude (x)) from t
----
-- list comprehension
-- tables: t
-- confidence: scanned
select [x + 1 for x in l] from t
----
-- sniffed files with options and globs
-- tables:
select * from read_json_auto('s3://b/*.json', format = 'array') limit 5
----
-- attached database
-- tables: pg.public.orders, lake.main.t
attach 'x.db' as lake; select 1 from lake.main.t join pg.public.orders o on o.id = t.id
----
-- pivot in a CTE
-- tables: sales
with p as (pivot sales on year using sum(amount) as total group by region) select * from p
----
-- a table macro
-- tables: t
create macro add(a, b) as a + b; select add(x, y) from t
----
-- exclude, order by all, limit percent
-- tables: t
select * exclude a from t order by all limit 10%
----
-- from with where and joins
-- tables: a, b
from a join b using (id) where a.x > 1
----
-- union all by name of stars
-- tables: a, b
select * from a union all by name select * from b
----
-- string operators and casts
-- tables: t
select a || b, a ^@ 'x', a::decimal(10,2), c.d.e::int, date_part('year', d), a // 2, 'x' in l from t
----
-- window with qualify and named
-- tables: t
select a, row_number() over w from t window w as (partition by b) qualify row_number() over w = 1
----
-- json arrows
-- tables: t
-- columns: a = t.j; b = t.j
select j->'$.a' as a, j->>'b' as b from t
----
-- sample and tablesample
-- tables: t, u
select 1 from t tablesample reservoir(20%), u using sample 5 rows
----
-- insert or ignore, returning
-- tables: s
insert or ignore into t select * from s returning id
----
-- a struct literal unpacked
-- tables: t
select unnest(s, recursive := true) from t
----
-- prefix alias
-- tables: t
select x: a + 1, y: b from t
