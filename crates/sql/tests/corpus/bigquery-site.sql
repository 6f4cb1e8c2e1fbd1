-- a dashed project without quotes, and one in halves of quotes
-- tables: my-proj-1.ds.t, my-proj-1.ds.u
select a.x from my-proj-1.ds.t a join `my-proj-1.ds`.u b using (id)
----
-- date shards joined with a lookup, suffix in a join
-- tables: p.ga.ga_sessions_*, p.dim.days
-- reads: p.dim.days (day, key); p.ga.ga_sessions_* (visits)
select d.key, sum(s.visits) from `p.ga.ga_sessions_*` s join p.dim.days d on d.day = s._TABLE_SUFFIX group by 1
----
-- one shard by its date
-- tables: p.ga.ga_sessions_20240131
select visitId from `p.ga.ga_sessions_20240131`
----
-- a wildcard with part of a date and intraday
-- tables: p.ga.events_intraday_*, p.ga.events_2024*
select event_name from `p.ga.events_2024*` union all select event_name from `p.ga.events_intraday_*`
----
-- unnest of an unnest, with hits and products
-- tables: p.ga.ga_sessions_*
-- columns: sku = p.ga.ga_sessions_*.hits
select p.productSKU as sku from `p.ga.ga_sessions_*` s, s.hits as h, h.product as p where h.type = 'EVENT'
----
-- Tableau parameters as dates and text
-- tables: p.d.orders
-- reads: p.d.orders (amount, day, region)
select sum(amount) from `p.d.orders` where day between <[Parameters].[Start]> and <[Parameters].[End]> and region = <Parameters.Region>
----
-- a CTE that shadows a table of the default dataset
-- tables: p.d.orders
-- defaults: p.d
with orders as (select id from p.d.orders) select id from orders
----
-- a CTE with backticks
-- tables: p.d.t
-- columns: x = p.d.t.x
with `my cte` as (select x from `p.d.t`) select x from `my cte`
----
-- correlated array subquery with a join inside
-- tables: d.orders, d.products
select o.id, array(select as struct p.name, i.qty from unnest(o.items) i join d.products p on p.sku = i.sku) as items from d.orders o
----
-- information schema of a dataset, of a project and of a region
-- tables: p.ds.INFORMATION_SCHEMA.COLUMNS, p.region-eu.INFORMATION_SCHEMA.JOBS_BY_PROJECT
select c.table_name, j.job_id from p.ds.INFORMATION_SCHEMA.COLUMNS c, `p.region-eu`.INFORMATION_SCHEMA.JOBS_BY_PROJECT j
----
-- a call of a procedure, then a query
-- tables: d.t
call d.refresh_all(current_date()); select a from d.t
----
-- execute immediate knows no table
-- tables: d.t
declare q string; set q = 'select 1'; execute immediate q; select a from d.t
----
-- a recursive CTE
-- tables: d.edges
-- columns: id = d.edges.child, d.edges.parent
with recursive r as (select parent as id from d.edges where parent = 1 union all select e.child from d.edges e join r on e.parent = r.id) select id from r
----
-- a table function of a dataset with a table argument
-- tables: d.t, d.users
select f.a, u.name from d.active_users(table d.t, 7) f join d.users u on u.id = f.id
----
-- for in loop over a query
-- tables: d.cfg, d.t
-- confidence: scanned
for r in (select name from d.cfg) do select a from d.t; end for;
----
-- grouping sets, qualify with an alias and a window over unnest
-- tables: d.t
select user, tag, row_number() over (partition by user order by tag) as rn from d.t cross join unnest(tags) as tag qualify rn = 1
----
-- comma join to an unnest that is correlated through two aliases
-- tables: d.s, d.u
-- columns: name = d.u.name; k = d.s.params
select u.name, p.key as k from d.u as u, d.s as s, unnest(s.params) as p where u.id = s.uid
----
-- time travel on a quoted name with an alias
-- tables: p.d.t
select x.a from `p.d.t` for system_time as of timestamp_sub(current_timestamp(), interval 1 day) as x
----
-- an alias that is the name of a table elsewhere
-- tables: d.a, d.b
select b.x from d.a as b, d.b as a
----
-- pipe with a join, a set operation and a pivot
-- tables: d.o, d.c, d.old
from d.o |> left join d.c on o.cid = c.id |> union all (select * from d.old) |> aggregate count(*) as n group by c.region |> limit 5
----
-- with offset and safe_offset, struct star
-- tables: d.t
select t.*, s.* from d.t as t, unnest(t.lines) as s with offset as i where i < 3
----
-- materialized results: create, insert, then read it under its full name
-- tables: p.d.src
create or replace table p.d.tmp as select a from p.d.src; insert into p.d.tmp (a) select a + 1 from p.d.src; select a from `p.d.tmp`
----
-- a vector search over tables
-- tables: d.base, d.q
select base.id, distance from vector_search(table d.base, 'emb', (select emb from d.q), top_k => 5)
----
-- a hint comment and a hash comment with names
-- tables: d.t
#standardSQL
select a from d.t # from d.x
-- join d.y
----
-- legacy SQL with a range of dates
-- tables: p.ds.events_*
select a from table_date_range([p:ds.events_], timestamp('2024-01-01'), timestamp('2024-01-31'))
----
-- legacy SQL whose commas unite
-- tables: p.ds.a, p-1.ds.b, ds.c
select x from [p:ds.a], [p-1:ds.b], [ds.c] where x > 1
----
-- begin transaction, assert, and a query
-- tables: d.t, d.u
begin transaction; assert (select count(*) from d.u) > 0 as 'x'; select a from d.t; commit transaction
----
-- a temporary function in JavaScript holds no table
-- tables: d.t
create temp function f(x string) returns string language js as r'''return "from a.b.c";'''; select f(a) from d.t
----
-- columns of one name in struct and table
-- tables: p.d.t
-- columns: id = p.d.t.id; n = p.d.t.user
select t.id, t.user.name as n from `p`.`d`.`t` as t
----
-- except distinct and a window over an aggregate
-- tables: d.a, d.b
select a, sum(count(*)) over (order by a) from d.a group by a having a not in (select a from d.b) order by 1
----
-- graph query
-- tables:
-- confidence: scanned
select * from graph_table(d.g match (a)-[e]->(b) return a.id as x)
----
-- a row-level wildcard behind a dash
-- tables: my-proj.ga.events_*
select count(*) from `my-proj.ga.events_*` as e where e._TABLE_SUFFIX = '20240101' and regexp_contains(e._TABLE_SUFFIX, r'^\d+$')
----
-- load data, then read
-- tables: d.l
load data into d.l from files (format = 'CSV', uris = ['gs://b/x']); select a from d.l
----
-- table functions that take tables and models
-- tables: d.t, d.o
select * from gap_fill(table d.t, ts_column => 'ts', bucket_width => interval 1 day) g, ml.forecast(model d.m, struct(3 as horizon)) f, external_object_transform(table d.o, ['SIGNED_URL']) e
