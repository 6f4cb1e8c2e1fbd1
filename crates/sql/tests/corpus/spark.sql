-- two levels and a default database that is the schema
-- tables: sales.orders, shop.items
-- defaults: sales
select * from orders join shop.items on items.id = orders.item_id
----
-- hive lateral view over a map
-- tables: db.t
-- columns: id = db.t.id; k = db.t.props; v = db.t.props
select id, k, v from db.t lateral view explode(props) p as k, v
----
-- two lateral views in a row
-- tables: db.t
-- columns: z = db.t.xs
select z from db.t lateral view explode(xs) a as y lateral view explode(y) b as z
----
-- insert overwrite directory
-- tables: db.t
insert overwrite local directory '/tmp/x' row format delimited fields terminated by ',' select a from db.t
----
-- left semi join and rlike
-- tables: db.a, db.b
select a.x from db.a a left semi join db.b b on a.id = b.id where a.x rlike '^x' and a.y <=> a.z
----
-- grouping sets with cube
-- tables: db.t
select a, b, sum(c) from db.t group by a, b with cube
----
-- cluster by
-- tables: db.t
select a from db.t cluster by a
----
-- cache and view
-- tables: db.t
-- columns: a = db.t.a
cache table c as select a from db.t; select a from c
----
-- impala arrays
-- tables: db.customers
-- columns: id = db.customers.id; pos = db.customers.orders
select c.id, o.pos from db.customers c, c.orders o
----
-- backticks and regular names
-- tables: db.my table
-- columns: a b = db.my table.a b
select `a b` from db.`my table`
----
-- create table stored as
-- tables: db.src
-- columns: a = db.src.a
create table db.dst stored as parquet as select a from db.src
----
-- percentile, collect_set, filter
-- tables: db.t
-- reads: db.t (a, b, c)
select percentile_approx(a, 0.5), collect_set(b) filter (where c > 1) from db.t
----
-- window with a range in days
-- tables: db.t
select sum(a) over (partition by b order by c range between interval 7 days preceding and current row) from db.t
----
-- union distinct, intersect all, minus
-- tables: db.a, db.b, db.c, db.d
select x from db.a union distinct select x from db.b intersect all select x from db.c minus select x from db.d
----
-- in subquery, not exists
-- tables: db.a, db.b, db.c
select x from db.a where (x, y) in (select x, y from db.b) and not exists (select 1 from db.c where c.x = a.x)
----
-- from before select
-- tables: db.t
-- columns: a = db.t.a
from db.t select a where b > 1
----
-- several inserts from one source
-- tables: db.src
-- confidence: scanned
from db.src insert overwrite table db.x select a where b = 1 insert overwrite table db.y select c where b = 2
----
-- transform
-- tables: db.t
select transform(a, b) using 'script.py' as (x, y) from db.t
----
-- with dates and intervals
-- tables: db.t
-- reads: db.t (d)
select date_add(d, 1), d + interval 1 day, trunc(d, 'MM'), current_date() from db.t
