-- catalogs and unnest with ordinality
-- tables: hive.sales.orders
-- columns: id = hive.sales.orders.id; sku = hive.sales.orders.items; n
select o.id, t.sku, t.n from hive.sales.orders o cross join unnest(o.items) with ordinality as t(sku, n)
----
-- unnest of a map
-- tables: t
-- columns: k = t.props; v = t.props
select k, v from t cross join unnest(props) as p(k, v)
----
-- lambdas
-- tables: t
-- columns: a = t.xs; b = t.xs; c = t.xs
select transform(xs, x -> x + 1) as a, filter(xs, x -> x is not null) as b, reduce(xs, 0, (s, x) -> s + x, s -> s) as c from t
----
-- time travel
-- tables: iceberg.s.a, iceberg.s.b
select * from iceberg.s.a for version as of 123 a join iceberg.s.b for timestamp as of timestamp '2024-01-01 00:00:00' b on a.id = b.id
----
-- hidden tables in quotes
-- tables: iceberg.s.t$partitions
select * from iceberg.s."t$partitions"
----
-- row, cast to row, subscripts, field access
-- tables: t
-- columns: a = t.x; b = t.r; c = t.m
select cast(row(x, 1) as row(a bigint, b integer)).a as a, r.field as b, m['k'] as c from t
----
-- try, if, approx, filter
-- tables: t
-- reads: t (a, b, c, j)
select try(a / b), if(a > 1, b, c), approx_percentile(a, 0.9), count_if(c > 1), try_cast(a as integer), json_extract_scalar(j, '$.x') from t
----
-- grouping sets, rollup, cube
-- tables: t
select a, b, grouping(a, b), sum(c) from t group by grouping sets ((a), (a, b)), rollup (d), cube (e)
----
-- intervals, at time zone, date arithmetic
-- tables: t
-- reads: t (d, ts)
select date_trunc('day', ts), date_add('day', 1, d), ts at time zone 'UTC', d + interval '1' day, date_diff('month', d, current_date) from t
----
-- tablesample, fetch with ties, offset
-- tables: t
select a from t tablesample bernoulli (10) order by a offset 5 fetch first 3 rows with ties
----
-- match_recognize
-- tables: orders
select * from orders match_recognize (partition by cust order by day measures a.price as start_price, last(b.price) as end_price one row per match after match skip past last row pattern (a b+) define b as b.price > prev(b.price))
----
-- table functions
-- tables: t
select * from table(sequence(start => 1, stop => 10)) s, t
----
-- a polymorphic table function that takes a table
-- tables: tpch.tiny.orders
select * from table(exclude_columns(input => table(tpch.tiny.orders), columns => descriptor(clerk)))
----
-- quoted names ignore case
-- tables: Orders
select 1 from Orders, "orders" o2
----
-- values
-- tables: t
select v.a, t.b from (values (1, 'x'), (2, 'y')) as v(a, b) join t on t.a = v.a
----
-- with and nested queries in every place
-- tables: a, b, c, d
with x as (select id from a), y as (select x.id, b.v from x join b on b.id = x.id) select y.v, (select max(v) from c) from y where y.id in (select id from d)
----
-- insert and create table with properties
-- tables: s.src
-- columns: a = s.src.a
create table s.dst with (format = 'PARQUET', partitioned_by = array['a']) as select a from s.src with data
----
-- window frames
-- tables: t
select nth_value(a, 2) ignore nulls over (partition by b order by c rows between 2 preceding and 1 following) from t
----
-- listagg and array_agg with order
-- tables: t
-- reads: t (a, b)
select listagg(a, ',') within group (order by b), array_agg(a order by b desc) from t
----
-- full names qualify columns
-- tables: c.s.t
-- columns: a = c.s.t.a; b = c.s.t.b
select c.s.t.a, s.t.b from c.s.t
----
-- is distinct from, like escape, between
-- tables: t
select 1 from t where a is not distinct from b and c like 'x!%' escape '!' and d not between 1 and 2
----
-- default catalog and schema
-- tables: hive.web.clicks, hive.other.t
-- defaults: hive.web
select 1 from clicks join other.t on t.id = clicks.id
