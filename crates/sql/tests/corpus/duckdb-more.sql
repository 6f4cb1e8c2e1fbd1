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
----
-- list comprehensions with a condition and with a position
-- tables: t
select [x * 2 for x in a if x > 1] as d, [y for y, i in b] from t
----
-- exclude, replace and rename
-- tables: t
select * exclude (a) replace (b + 1 as b) rename (c as d) from t
----
-- pivot: a named aggregate names the column too
-- tables: t
-- columns: a = t.a; x_s = t.v; y_s = t.v
from (select a, k, v from t) pivot (sum(v) as s for k in ('x', 'y'))
----
-- filter without where
-- tables: t
select a, sum(b) filter (c), arg_max(d, e), first(f order by g), quantile_cont(h, [0.5, 0.9]), count() from t
----
-- glob and any over a list
-- tables: t
select * from t where a = any([1,2]) and b in [1, 2] and c glob 'x*' and d ~~ 'y' and e similar to 'z' and f // 2 = 1 and g ** 2 > 1
----
-- using key
-- tables: t
with recursive c(n) using key (n) as (select 1 union all select n + 1 from c) select n, a from c, t
----
-- query_table names a table
-- tables: t
select * from query('select 1') union all select * from query_table('t')
----
-- an anti join with using
-- tables: t, u
-- columns: a = t.a
select a from t anti join u using (a)
----
-- a semi join with using over known columns
-- tables: t, u
-- columns: a = t.a; v = t.v
select * from (select a, v from t) x semi join u using (a)
