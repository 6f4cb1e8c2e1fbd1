-- final, sample and prewhere
-- tables: db.events
-- columns: id = db.events.id
-- reads: db.events (day, id, kind)
select id from db.events final sample 1/10 offset 1/2 prewhere day = today() where kind = 1 settings max_threads = 2
----
-- array join
-- tables: db.t
-- columns: id = db.t.id; tag = db.t.tags
select id, tag from db.t array join tags as tag
----
-- left array join of two
-- tables: db.t
-- columns: a = db.t.xs; b = db.t.ys
select a, b from db.t left array join xs as a, ys as b
----
-- strictness of joins
-- tables: a, b, c, d
select a.x from a any left join b on a.id = b.id global inner join c on c.id = a.id left any join d using (id)
----
-- asof join
-- tables: q, t
select t.id, q.price from t asof left join q on t.sym = q.sym and t.at >= q.at
----
-- scalars in with
-- tables: limits, t
-- columns: a = t.a; m = limits.v
with (select max(v) from limits) as m, 10 as n select a, m from t where b < n
----
-- tables in with
-- tables: t
-- columns: a = t.a
with x as (select a from t) select a from x
----
-- limit by, with totals, format
-- tables: t
select a, sum(b) from t group by a with totals order by a limit 2 by a limit 10 format JSONEachRow
----
-- parametric aggregates and combinators
-- tables: t
-- columns: q = t.d; c = t.a, t.b; u = t.u
select quantile(0.9)(d) as q, sumIf(a, b > 1) as c, uniqExact(u) as u from t
----
-- lambdas and tuples
-- tables: t
-- columns: x = t.xs; y = t.p
select arrayMap(x -> x * 2, xs) as x, p.1 as y from t
----
-- case of names matters
-- tables: db.Events, db.events
select 1 from db.Events, db.events
----
-- table functions
-- tables: t
select * from numbers(10) n, remote('host', db.x) r, t
----
-- global in
-- tables: a, b
select x from a where y global in (select y from b) and z not in (1, 2)
----
-- query parameters
-- tables: t
select a from t where id = {id:UInt64} and d in {days:Array(Date)}
----
-- an alias used everywhere
-- tables: t
-- columns: s = t.a, t.b; d = t.a, t.b
-- reads: t (a, b)
select a + b as s, s * 2 as d from t where s > 10 group by s having d > 1 order by s
----
-- with fill and interpolate
-- tables: t
select d, sum(v) as v from t group by d order by d with fill from toDate('2024-01-01') to toDate('2024-02-01') step 1 interpolate (v as v)
----
-- ternary and casts
-- tables: t
-- columns: x = t.a, t.b, t.c; y = t.a
select if(a > 1, b, c) as x, a::String as y from t
----
-- insert select
-- tables: src
-- columns: a = src.a
insert into dst (a) select a from src
----
-- create materialized view
-- tables: db.src
-- columns: k = db.src.k; s = db.src.v
create materialized view db.mv to db.dst as select k, sumState(v) as s from db.src group by k
----
-- union, except and distinct on
-- tables: a, b
select distinct on (x) x from a union all select x from b
----
-- dictionaries and maps
-- tables: t
-- columns: n = t.id; v = t.m
select dictGet('db.dict', 'name', toUInt64(id)) as n, m['k'] as v from t
----
-- window functions
-- tables: t
select row_number() over (partition by a order by b), lagInFrame(a) over w from t window w as (order by c)
----
-- columns and apply
-- tables: t
select columns('^x') from t
----
-- the default database is the schema
-- tables: web.hits
-- defaults: web
select count() from hits
----
-- semi and anti joins
-- tables: a, b, c
select a.x from a left semi join b on a.id = b.id left anti join c on a.id = c.id
