-- redash style date filters and a window on an aggregate
-- tables: public.orders
select date_trunc('week', created_at at time zone 'utc' at time zone 'Europe/Berlin')::date as week, count(*), sum(count(*)) over (order by 1) from public.orders where created_at >= now() - interval '12 weeks' group by 1
----
-- jsonb_array_elements and a lateral left join
-- tables: orders
-- columns: id = orders.id; sku = orders.data
select o.id, item ->> 'sku' as sku from orders o left join lateral jsonb_array_elements(o.data -> 'items') as item on true
----
-- crosstab over a string
-- tables:
select * from crosstab('select a, b, c from t') as ct(a text, b int)
----
-- array slices, any of array, overlap
-- tables: t
select arr[1:3], arr[1], a = any(arr), arr && array['x'], arr @> '{1}' from t
----
-- composite access
-- tables: t
-- columns: x = t.addr
select (t.addr).city as x from t
----
-- star of a composite
-- tables: t
-- confidence: retried
select (addr).*, (f(a)).b from t
----
-- using several columns in a chain of joins
-- tables: a, b, c
-- columns: k1 = a.k1, b.k1, c.k1
select k1 from a join b using (k1, k2) join c using (k1)
----
-- insert returning in a CTE that is read
-- tables: src
-- columns: id = src.id
with ins as (insert into dst (id) select id from src returning id) select id from ins
----
-- string functions with special syntax
-- tables: t
-- reads: t (a, b)
select overlay(a placing b from 1 for 2), position(a in b), trim(leading 'x' from a), a collate "C" from t
----
-- similar to, regex operators, ilike any
-- tables: t
select 1 from t where a similar to '(x|y)%' and b ~* '^z' and c !~ 'q' and d ilike any (array['%x%'])
----
-- row constructors and in with values
-- tables: t
select 1 from t where (a, b) in (values (1, 2), (3, 4)) and row(a, b) = (1, 2) and (a, b) < (c, d)
----
-- subselect with an alias list in the from of an update
-- tables: src
update t set a = s.x from (select x, id from src) as s(x, id) where t.id = s.id returning t.*
----
-- lock clause with a table
-- tables: a, b
select * from a join b on a.id = b.id for no key update of a nowait
----
-- window with groups and exclude
-- tables: t
select sum(a) over (order by b groups between 1 preceding and 1 following exclude ties) from t
----
-- with search and materialized
-- tables: t
with a as materialized (select x from t), b as not materialized (select x from a) select x from b
----
-- fetch with ties, offset rows
-- tables: t
select a from t order by b offset 3 rows fetch first 5 rows with ties
----
-- operators by schema, casts to arrays, unicode identifiers
-- tables: größe
select a operator(pg_catalog.+) b, c::text[], d::numeric(10,2), "Ä".e from größe as "Ä"
----
-- generate_series of dates in a CTE
-- tables: events
-- columns: day; n = events.id
with days as (select d::date as day from generate_series('2024-01-01'::date, now(), '1 day'::interval) d) select days.day, count(e.id) as n from days left join events e on e.at::date = days.day group by 1
----
-- system catalogs
-- tables: information_schema.columns, pg_catalog.pg_class
select 1 from pg_catalog.pg_class, information_schema.columns
----
-- do nothing with comments nested
-- tables: t
select /* a /* nested */ from x */ 1 from t
----
-- a view with check option and a recursive view
-- tables: t
create or replace recursive view v (n) as select 1 union all select n + 1 from t
----
-- a materialized view with no data
-- tables: t
create materialized view mv as select a from t with no data
----
-- exists inside of a case inside of a having
-- tables: a, b
select x from a group by x having case when exists (select 1 from b where b.x = a.x) then true else count(*) > 1 end
----
-- numeric literals and typed constants
-- tables: t
select 1e5, .5, 1., 0x1F, B'101', X'1F', date '2024-01-01', interval '1' year, timestamp with time zone '2024-01-01 00:00:00+00' from t
----
-- null treatment and aggregate order by
-- tables: t
-- reads: t (a, b, c)
select string_agg(a, ',' order by b desc nulls last), array_agg(distinct c), json_agg(t.* order by a) from t
----
-- a function in from with an alias and columns without types
-- tables:
select * from unnest(array[1, 2], array['a', 'b']) as x(a, b)
----
-- parameters of drivers
-- tables: t
select * from t where a = $1 and b = :name and c = %(x)s
----
-- the target read again under another alias
-- tables: t
-- columns: a = t.a
update t set a = before.a from t as before where before.id = t.id - 1
----
-- a column qualified by a schema that the table has not
-- tables: orders
-- columns: id = orders.id
select public.orders.id from orders
----
-- the table command inside of exists
-- tables: x
select 1 where exists (table x)
----
-- rows from: functions side by side
-- tables:
select r.* from rows from (generate_series(1,3), generate_series(1,4)) r
----
-- rows from after a comma, with column definitions
-- tables: t
select t.a, x.b from t, rows from (json_to_recordset(t.j) as (b int), generate_series(1,2)) as x(b, n)
----
-- search and cycle of a recursive CTE
-- tables: employee
-- columns: id = employee.id; path = employee.name
with recursive t(id, path) as (select id, name::text from employee where manager_id is null union all select e.id, t.path || '/' || e.name from employee e join t on e.manager_id = t.id) search depth first by id set ordercol cycle id set is_cycle using cpath select id, path from t
----
-- an alias of the columns that using merges
-- tables: a, b
-- columns: id = a.id, b.id; x = a.x; y = b.y
select id, a.x, b.y from a full outer join b using (id) as u
----
-- any over values
-- tables: db1.t
select * from db1.t where (a, b) in ((1, 2), (3, 4)) and c = any(values (1), (2))
