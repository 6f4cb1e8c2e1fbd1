-- hive windows and dates
-- tables: db.t
select from_unixtime(ts, 'yyyy-MM-dd'), datediff(to_date(a), b), date_sub(current_date, 7), nvl(c, 0), collect_list(d) over (partition by e) from db.t where dt = '${hiveconf:day}'
----
-- multiple CTEs and insert
-- tables: db.a, db.b
with x as (select id from db.a), y as (select id from db.b) insert overwrite table db.c select x.id from x join y on x.id = y.id
----
-- map and struct functions
-- tables: db.t
-- columns: a = db.t.m; b = db.t.s
select m['k'] as a, s.f.g as b from db.t
----
-- inline and stack
-- tables: db.t
-- columns: k = db.t.a, db.t.b; v = db.t.a, db.t.b
select stack(2, 'a', a, 'b', b) as (k, v) from db.t
----
-- lateral view with posexplode
-- tables: db.t
-- columns: i; x = db.t.xs
select i, x from db.t lateral view posexplode(xs) e as i, x
----
-- union of ctes with sort by
-- tables: db.a
with x as (select a from db.a) select a from x union all select a from x sort by a
----
-- impala hints and straight_join
-- tables: db.a, db.b
select /* +SHUFFLE */ a.x from db.a join [shuffle] db.b on a.id = b.id
----
-- anti join, cross join, full join
-- tables: db.a, db.b, db.c
select 1 from db.a left anti join db.b on a.id = b.id cross join db.c
----
-- create temporary view using a file
-- tables: db.t
create temporary view v using parquet options (path '/x'); select * from db.t join v on v.id = t.id
----
-- describe and show are not read
-- tables: db.t
show tables in db; select a from db.t
----
-- a join after a lateral view
-- tables: db.t, db.u
-- columns: id = db.t.id; v = db.t.arr; n = db.u.n
select t.id, e.v, u.n from db.t t lateral view explode(t.arr) e as v left join db.u u on u.id = t.id where u.x = 1
----
-- files in place of tables
-- tables:
select * from parquet.`/mnt/x.parquet` a join csv.`y.csv` b
----
-- exists as a function
-- tables: db.t
select a from db.t where b rlike 'x' and c <=> null and d like 'x' escape '!' and e in (select f from db.t) and array_contains(g, 1) and exists(h, x -> x > 1)
----
-- an interval of two units
-- tables: db.t
select percentile(a, array(0.5, 0.9)), collect_list(struct(b, c)), sort_array(d)[0].e, date_add(f, -1), interval 1 year 2 months, cast(g as array<struct<a:int,b:string>>), h.i[0].j, 1L, 2.0D, 10BD, X'1F' from db.t
----
-- explain extended
-- tables: db.t
explain extended select a from db.t
----
-- variables of Hive
-- tables: db.t
select t.* from db.t t where t.dt = date_sub(current_date, 1) and t.hr = '${hour}' and t.x = ${hiveconf:y}
----
-- the position of posexplode is counted
-- tables: db.t
-- columns: id = db.t.id; item = db.t.items; pos
select id, item, pos from db.t lateral view posexplode(items) x as pos, item
