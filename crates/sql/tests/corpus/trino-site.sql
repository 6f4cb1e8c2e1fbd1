-- three catalogs, quoted
-- tables: hive.web.page views, pg.public.users, mysql.shop.orders
select 1 from hive.web."page views" v join pg.public.users u on u.id = v.uid join mysql.shop.orders o on o.uid = u.id
----
-- unnest of several with ordinality, and of a map
-- tables: h.s.t
-- columns: id = h.s.t.id; a = h.s.t.arr; k = h.s.t.m
select t.id, u.a, w.k from h.s.t t cross join unnest(t.arr, t.brr) with ordinality as u(a, b, n) left join unnest(t.m) as w(k, v) on true
----
-- iceberg: time travel and metadata tables
-- tables: ice.s.t, ice.s.t$snapshots
select a.x, s.snapshot_id from ice.s.t for version as of 123 a, ice.s."t$snapshots" s
----
-- match_recognize
-- tables: h.s.px
select m.sym from h.s.px match_recognize (partition by sym order by ts measures first(a.p) as f one row per match pattern (a b+) define b as b.p < prev(b.p)) as m
----
-- a table function with a table argument and a descriptor
-- tables: h.s.t
select * from table(my.sch.fn(input => table(h.s.t) partition by a, cols => descriptor(a, b)))
----
-- a query passed through
-- tables: h.s.t
select q.x from table(pg.system.query(query => 'select x from remote.t')) q join h.s.t on t.x = q.x
----
-- grouping sets with lambdas and try
-- tables: h.s.t
-- reads: h.s.t (a, b, c)
select reduce(a, 0, (s, x) -> s + x, s -> s), try(b / c), filter(a, x -> x > 1) from h.s.t
----
-- recursive
-- tables: h.s.e
with recursive r (id, lvl) as (select id, 0 from h.s.e where boss is null union all select e.id, r.lvl + 1 from h.s.e e join r on e.boss = r.id) select * from r
----
-- values in a CTE, listagg and row
-- tables: h.s.t
with v (k, n) as (values (1, 'a'), (2, 'b')) select v.n, listagg(t.x, ',') within group (order by t.x), row(t.a, t.b) from v left join h.s.t t on t.k = v.k group by 1
----
-- json_table and sample
-- tables: h.s.d
select j.a from h.s.d d tablesample bernoulli (10), json_table(d.body, 'lax $[*]' columns (a bigint path 'lax $.a')) as j
----
-- prepare and explain
-- tables: h.s.t
explain analyze verbose select a from h.s.t
----
-- a subquery with an alias of columns and a values join
-- tables: h.s.t
select x.a, v.n from (select k, a from h.s.t) as x (k, a) join (values (1, 'n')) as v (k, n) on v.k = x.k
----
-- show and describe before a query, and a call
-- tables: h.s.t
use h.s; call system.runtime.kill_query('x'); select a from h.s.t
----
-- views of metadata, an array of rows, a nested with
-- tables: h.information_schema.columns, h.s.t
with a as (with b as (select k from h.s.t) select k from b) select a.k, c.column_name, r.x from a join h.information_schema.columns c on true cross join unnest(array[row(1, 'a')]) as r(x, y)
