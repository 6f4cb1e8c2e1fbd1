-- one quoted path
-- tables: my-project.sales.orders
-- columns: id = my-project.sales.orders.id
select id from `my-project.sales.orders`
----
-- parts quoted apart, and a hyphenated project without quotes
-- tables: my-project.sales.items, my-project.sales.orders, other.ds.t
select * from `my-project`.sales.orders, my-project.sales.items, `other.ds`.t
----
-- a wildcard table with its suffix
-- tables: p.analytics.events_*
-- columns: event_name = p.analytics.events_*.event_name
-- reads: p.analytics.events_* (event_name)
select event_name from `p.analytics.events_*` where _TABLE_SUFFIX between '20240101' and '20240131'
----
-- unnest with offset, correlated
-- tables: d.orders
-- columns: id = d.orders.id; sku = d.orders.items; pos
select o.id, item.sku, pos from d.orders o, unnest(o.items) as item with offset as pos
----
-- an array of a neighbour without unnest
-- tables: d.orders
-- columns: id = d.orders.id; sku = d.orders.items
select o.id, i.sku from d.orders as o, o.items as i
----
-- left join unnest and a correlated subquery on an array
-- tables: d.sessions
-- columns: n; v = d.sessions.params
select (select count(*) from unnest(s.hits) h where h.type = 'PAGE') as n,
       (select value.string_value from unnest(params) where key = 'page') as v
from d.sessions s left join unnest(s.tags) t
----
-- except and replace
-- tables: d.t
-- columns: * = d.t.*; c = d.t.c
select * except (a, b) replace (upper(c) as c) from d.t
----
-- struct fields
-- tables: d.users
-- columns: city = d.users.address; z = d.users.address
-- reads: d.users (address)
select address.city, u.address.geo.zip as z from d.users u
----
-- select as struct, array of subquery
-- tables: d.items, d.orders
-- columns: id = d.orders.id; items = d.items.price, d.items.sku
select o.id, array(select as struct i.sku, i.price from d.items i where i.order_id = o.id) as items from d.orders o
----
-- time travel
-- tables: d.t
select * from d.t for system_time as of timestamp_sub(current_timestamp(), interval 1 hour)
----
-- qualify and safe functions
-- tables: d.t
-- columns: id = d.t.id; x = d.t.a, d.t.b
select id, safe.divide(a, b) as x from d.t where true qualify row_number() over (partition by id order by ts desc) = 1
----
-- date functions with units
-- tables: d.t
-- columns: m = d.t.day; w = d.t.day; n = d.t.a, d.t.b
-- reads: d.t (a, b, day)
select date_trunc(day, month) as m, date_trunc(day, week(monday)) as w, date_diff(a, b, day) as n from d.t
----
-- pivot
-- tables: d.produce
-- columns: product = d.produce.product; Q1 = d.produce.sales; Q2 = d.produce.sales
select * from (select product, sales, quarter from d.produce) pivot(sum(sales) for quarter in ('Q1', 'Q2'))
----
-- unpivot
-- tables: d.produce
select product, sales, quarter from d.produce unpivot(sales for quarter in (q1, q2, q3))
----
-- strings of all kinds hold no tables
-- tables: d.t
select r'from x', '''from 'y' z''', "from w", b'abc' from d.t # from nowhere
----
-- a script with declarations
-- tables: d.src
-- columns: x = d.src.x
declare cutoff date default date '2024-01-01'; set cutoff = current_date(); create temp table t as select x from d.src where day > cutoff; select x from t;
----
-- pipe syntax
-- tables: d.customers, d.orders
-- columns: customer_id = d.customers.customer_id, d.orders.customer_id; total = d.orders.amount
from d.orders |> where amount > 10 |> aggregate sum(amount) as total group by customer_id |> join d.customers using (customer_id) |> select customer_id, total
----
-- information schema of a region
-- tables: region-us.INFORMATION_SCHEMA.JOBS
select job_id from `region-us`.INFORMATION_SCHEMA.JOBS
----
-- case matters for tables, not for CTEs
-- tables: d.Orders, d.orders
with Latest as (select 1 as x from d.Orders) select x from latest, d.orders
----
-- merge with a subquery
-- tables: d.changes
merge d.target t using (select id, v from d.changes) s on t.id = s.id when not matched then insert (id, v) values (id, v) when matched then update set v = s.v
----
-- model functions
-- tables: d.features
select * from ml.predict(model `p.d.m`, (select a, b from d.features))
----
-- aggregate options
-- tables: d.t
-- reads: d.t (a, b, c, d)
select array_agg(a ignore nulls order by b desc limit 3), any_value(c having max d), string_agg(distinct a, ',' order by a) from d.t
----
-- typed arrays and structs
-- tables: d.t
-- columns: x = d.t.a
select struct<x int64, y string>(a, 'b') as x from d.t where a in unnest(array<int64>[1, 2, 3])
----
-- create table with partitioning and options
-- tables: d.src
-- columns: a = d.src.a; day = d.src.ts
create or replace table d.dst partition by day cluster by a options (description = 'x') as select a, date(ts) as day from d.src
----
-- the default project and dataset
-- tables: p.d.t, p.e.u, q.f.v
-- defaults: p.d
select * from t, e.u, `q.f.v`
----
-- external query
-- tables: d.t
select * from external_query('us.conn', 'select * from pg_table') e join d.t on t.id = e.id
----
-- legacy table name
-- tables: bigquery-public-data.samples.shakespeare
-- columns: word = bigquery-public-data.samples.shakespeare.word
select word from [bigquery-public-data:samples.shakespeare]
----
-- nested CTEs that shadow
-- tables: d.a, d.b
-- columns: v = d.b.v
with x as (select v from d.a), y as (with x as (select v from d.b) select v from x) select v from y
----
-- tablesample, window and named window
-- tables: d.t
select sum(x) over w from d.t tablesample system (10 percent) window w as (partition by a order by b)
----
-- trailing comma
-- tables: d.t
-- columns: a = d.t.a; b = d.t.b
select a, b, from d.t
----
-- cast with a format and a parameter
-- tables: d.t
select cast(a as string format 'YYYY'), @run_date, ? from d.t where d = @run_date
----
-- export data
-- tables: d.t
export data options (uri = 'gs://b/x', format = 'CSV') as select a from d.t
----
-- a temporary function
-- tables: d.t
create temp function twice(x int64) as (x * 2); select twice(a) from d.t
----
-- group by rollup, having, in subquery
-- tables: d.t, d.u
select a, sum(b) from d.t group by rollup (a) having sum(b) > 1 and a in (select a from d.u)
