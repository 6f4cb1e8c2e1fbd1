-- time travel by version, by timestamp and by at sign
-- tables: c.s.t, c.s.u, c.s.v
select 1 from c.s.t version as of 12 a join c.s.u timestamp as of '2024-01-01' b on a.id = b.id join c.s.v@v123 d on d.id = a.id
----
-- a path and a format in place of a table
-- tables: s.dim
select p.a, d.b from delta.`/mnt/x/y` p join s.dim d on d.id = p.id
----
-- lateral view after lateral view
-- tables: s.t
-- columns: id = s.t.id; k = s.t.m; v = s.t.a
select id, k, v from s.t lateral view outer explode(m) e as k, w lateral view posexplode(a) f as p, v
----
-- read_files and stream
-- tables: s.events
select r.x, e.y from read_files('/vol/x', format => 'csv') r join stream(s.events) e on e.id = r.id
----
-- higher order functions and a struct
-- tables: s.t
-- columns: x = s.t.arr; n = s.t.st
select transform(arr, e -> e.v + 1) as x, st.a.b as n from s.t
----
-- except on a star, and a temporary view
-- tables: s.t
-- columns: * = s.t.*
create or replace temp view v as select * except (a, b) from s.t; select * from v
----
-- identifier with a parameter
-- tables: s.t
select a from identifier(:tbl) x join s.t on t.id = x.id
----
-- merge with schema evolution and star
-- tables: s.src
merge with schema evolution into s.dst t using (select * from s.src where d > '2024-01-01') s on t.id = s.id when matched then update set * when not matched then insert * when not matched by source then delete
----
-- pivot with two aggregates and an alias
-- tables: s.sales
select * from (select region, q, amt from s.sales) pivot (sum(amt) as total, avg(amt) as mean for q in (1 q1, 2 q2))
----
-- unpivot and qualify
-- tables: s.w
select id, m, v from s.w unpivot include nulls (v for m in (jan as 'J', feb as 'F')) qualify row_number() over (partition by id order by v) = 1
----
-- group by all, lateral alias, ilike any
-- tables: s.t
select upper(a) as ua, concat(ua, 'x') as x from s.t where b ilike any ('%x%') group by all
----
-- a table valued function in sql and range
-- tables: s.t
select r.id, t.a from range(10) r left join s.t on t.id = r.id
----
-- insert overwrite with partitions, replace where
-- tables: s.src
insert into s.dst replace where d = '2024-01-01' select * from s.src
----
-- hive's multi insert
-- tables: s.src
-- confidence: scanned
from s.src insert overwrite table a select x where y = 1 insert overwrite table b select x where y = 2
----
-- catalog and schema set, then bare names
-- tables: orders
use catalog main; use schema sales; select id from orders
----
-- tablesample, hints and values
-- tables: s.a, s.b
select /*+ broadcast(b), repartition(8) */ a.x from s.a tablesample (10 percent) a join s.b tablesample (100 rows) b on a.id = b.id
----
-- what a select reads beside show, describe and cache
-- tables: s.t
show tables in s; describe table extended s.u; refresh table s.v; select a from s.t
----
-- a legacy mount, a json path with backticks
-- tables: c.s.t
select a:`x y`.b::int, json.`/mnt/x.json`.c from c.s.t
----
-- default catalog names
-- tables: hive_metastore.default.t, samples.nyctaxi.trips
select 1 from hive_metastore.default.t a join samples.nyctaxi.trips b on true
----
-- ai functions, vector search
-- tables: s.t
select v.id, t.a from vector_search(index => 'main.s.ix', query => 'x', num_results => 3) v join s.t t on t.id = v.id
----
-- a pipe
-- tables: s.o, s.c
from s.o |> where a > 1 |> join s.c using (id) |> aggregate sum(x) as sx group by r
----
-- live tables and streams of them
-- tables: LIVE.raw, c.s.dim
create or refresh streaming table x as select r.a, d.b from stream(LIVE.raw) r left join c.s.dim d on d.id = r.id
