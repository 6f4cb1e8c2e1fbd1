-- unity catalog and backticks
-- tables: main.sales.orders, main.my schema.t.1
-- columns: id = main.sales.orders.id; order date = main.my schema.t.1.order date
select o.id, t.`order date` from main.sales.orders o join main.`my schema`.`t.1` t on t.id = o.id
----
-- lateral view explode
-- tables: s.orders
-- columns: id = s.orders.id; sku = s.orders.items; k = s.orders.attrs; v = s.orders.attrs
select o.id, i.sku, k, v from s.orders o lateral view explode(o.items) t as i lateral view outer explode(attrs) m as k, v
----
-- paths in place of tables
-- tables: main.s.t
select * from delta.`/mnt/x/y` d join parquet.`s3://b/k` p on d.id = p.id join main.s.t on t.id = d.id
----
-- time travel in all forms
-- tables: s.a, s.b, s.c
select * from s.a version as of 12 join s.b timestamp as of '2024-01-01' on a.id = b.id join s.c for version as of 3 on c.id = a.id
----
-- except, qualify, lateral alias
-- tables: s.t
-- columns: x = s.t.a; y = s.t.a
select a + 1 as x, x * 2 as y from s.t qualify row_number() over (partition by a order by b) = 1
----
-- star except
-- tables: s.t
-- columns: * = s.t.*
select * except (a, b) from s.t
----
-- colon paths and casts
-- tables: s.raw
-- columns: n = s.raw.body; z = s.raw.body
select body:user.name::string as n, r.body:items[0].price as z from s.raw r
----
-- higher order functions
-- tables: s.t
-- columns: x = s.t.arr; y = s.t.arr, s.t.k
select transform(arr, x -> x + 1) as x, aggregate(arr, 0, (acc, x) -> acc + x + k) as y from s.t
----
-- values and table functions
-- tables: s.t
-- columns: a; b = s.t.b; id
select v.a, t.b, r.id from values (1, 'x'), (2, 'y') as v(a, c), s.t, range(10) r
----
-- pivot
-- tables: s.sales
select * from (select year, quarter, amount from s.sales) pivot (sum(amount) as a for quarter in (1 as q1, 2 as q2))
----
-- unpivot
-- tables: s.sales
select * from s.sales unpivot (amount for quarter in (q1 as `one`, q2))
----
-- semi and anti joins
-- tables: s.a, s.b, s.c
select a.x from s.a left semi join s.b on a.id = b.id left anti join s.c on a.id = c.id
----
-- insert overwrite
-- tables: s.src
-- columns: a = s.src.a
insert overwrite table s.dst partition (day = '2024-01-01') select a from s.src
----
-- merge with stars
-- tables: s.updates
-- columns: * = s.updates.*
merge into s.target t using s.updates u on t.id = u.id when matched then update set * when not matched then insert *
----
-- create table using
-- tables: s.src
-- columns: a = s.src.a
create or replace table s.dst using delta partitioned by (a) location '/x' as select a from s.src
----
-- tablesample, distribute by, cluster by
-- tables: s.t
select a from s.t tablesample (10 percent) distribute by a sort by b
----
-- read_files and stream
-- tables: s.t
select * from read_files('/x', format => 'json') f join stream(s.t) t on true
----
-- hints and strings in double quotes
-- tables: s.a, s.b
-- reads: s.a (id, k); s.b (id)
select /*+ BROADCAST(b) */ a.id from s.a join s.b using (id) where a.k = "from x"
----
-- identifier clause and parameters
-- tables: s.t
select a from identifier('s.t') where d = :day
----
-- group by all, date functions, div
-- tables: s.t
-- reads: s.t (a, b, d)
select a div 2, dateadd(DAY, 1, d), date_diff(MONTH, d, b), datediff(day, d, b) from s.t group by all
----
-- recursive CTE
-- tables: s.e
-- columns: id = s.e.id
with recursive r as (select id, p from s.e where p is null union all select e.id, e.p from s.e e join r on e.p = r.id) select id from r
----
-- inline, posexplode and stack in the select list
-- tables: s.t
-- columns: pos = s.t.arr; item = s.t.arr
select posexplode(arr) as (pos, item) from s.t
----
-- cache table, then read it
-- tables: s.t
-- columns: a = s.t.a
create temporary view v as select a from s.t; select a from v
----
-- struct star and named struct
-- tables: s.t
-- columns: * = s.t.addr; n = s.t.a
select t.addr.*, named_struct('x', a) as n from s.t t
----
-- from first with a lateral subquery
-- tables: s.a, s.b
select a.id, b.n from s.a a, lateral (select count(*) as n from s.b b where b.a_id = a.id) b
----
-- json_tuple and from_json
-- tables: s.t
-- columns: x = s.t.j; y = s.t.j
select j2.x, j2.y from s.t lateral view json_tuple(t.j, 'a', 'b') j2 as x, y
