-- a map of arrays and element_at
-- tables: hive.web.events
-- columns: a = hive.web.events.props; b = hive.web.events.arr
select element_at(props, 'k') as a, arr[1] as b from hive.web.events where cardinality(arr) > 0 and contains(arr, 'x')
----
-- unnest of two arrays and of rows
-- tables: t
-- columns: a = t.xs; b = t.ys
select a, b from t cross join unnest(xs, ys) as u(a, b)
----
-- left join unnest on true
-- tables: t
select t.id, u.x from t left join unnest(t.xs) as u(x) on true
----
-- date formats and parse
-- tables: t
select date_parse(a, '%Y-%m-%d'), from_unixtime(b), format_datetime(c, 'yyyy'), date_add('month', -1, current_date), c at time zone 'Europe/Berlin' from t
----
-- approx_distinct, max_by, histogram, array_agg with filter
-- tables: t
select approx_distinct(a), max_by(a, b), histogram(a), array_agg(a order by b) filter (where a is not null) from t
----
-- with a subquery that has a limit and an offset
-- tables: t
select * from (select a from t order by a limit 10) where a > 1
----
-- row types and dereference
-- tables: t
-- columns: x = t.r; y = t.r
select r.a.b as x, t.r.c as y from t
----
-- quoted dotted names
-- tables: my-catalog.my.schema.tab le
select "a.b" from "my-catalog"."my.schema"."tab le"
----
-- system metadata
-- tables: system.runtime.queries, hive.information_schema.tables
select 1 from system.runtime.queries, hive.information_schema.tables
----
-- values in a join and lambda in reduce_agg
-- tables: t
select reduce_agg(a, 0, (x, y) -> x + y, (x, y) -> x + y) from t join (values 1, 2) as v(n) on v.n = t.a
----
-- json_table and json path
-- tables: t
select json_query(j, 'lax $.a' with wrapper), json_value(j, 'lax $.b' returning int) from t
----
-- create view with security
-- tables: t
create or replace view v security invoker as select a from t
----
-- delete, update with subqueries
-- tables: b
update t set a = (select max(x) from b) where id in (select id from b)
----
-- match_recognize with all rows and subset
-- tables: t
select * from t match_recognize (order by ts measures classifier() as c all rows per match pattern (a b* ) subset u = (a, b) define b as price > first(a.price)) as m
----
-- try with lambda, zip_with, transform_values
-- tables: t
select zip_with(a, b, (x, y) -> x || y), transform_values(m, (k, v) -> v + 1) from t
----
-- interval literals and decimals
-- tables: t
select interval '2' day, decimal '1.5', timestamp '2024-01-01 00:00:00 UTC', x'65', u&'\0041' from t
----
-- names in backticks, as in Hive
-- tables: hive.web.clicks
-- columns: url = hive.web.clicks.url
select `url` from `hive`.`web`.`clicks`
----
-- bare values before a union
-- tables: t
with recursive c (n) as (values 1 union all select n + 1 from c where n < 3) select c.n, t.a from c, t
----
-- all over values
-- tables: a, b
select * from a where (x, y) in (select p, q from b) and exists (select 1 from b) and z = all (values 1, 2) and w > some (select v from b)
----
-- options of json_value
-- tables: t
select json_query(a, 'lax $.x' with array wrapper), json_value(b, 'lax $.y' returning integer default 0 on empty), json_exists(c, 'strict $.z') from t
