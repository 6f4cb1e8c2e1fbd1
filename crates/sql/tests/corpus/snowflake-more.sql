-- a having with a window and nested flatten
-- tables: raw.web.events
-- columns: event_id = raw.web.events.event_id; item_name = raw.web.events.payload
with base as (select event_id, payload from raw.web.events where payload is not null),
items as (select event_id, i.value as item from base, lateral flatten(input => payload:"order":items, outer => true) i)
select event_id, attr.value:name::string as item_name from items, lateral flatten(item:attributes) attr
----
-- listagg within group, object_construct and array_agg distinct
-- tables: db.s.t
-- reads: db.s.t (a, b, c)
select listagg(distinct a, ', ') within group (order by a), object_construct('k', b, 'v', c), array_agg(distinct b) within group (order by b) from db.s.t
----
-- try_cast, iff, nvl, zeroifnull, to_varchar and a double colon in a where
-- tables: t
-- reads: t (a, b, d)
select iff(a > 1, b, 0), zeroifnull(a), try_cast(b as number(10, 2)), to_varchar(d, 'YYYY-MM') from t where d::date >= dateadd(day, -7, current_date())
----
-- a CTE with the same name as its source in another schema
-- tables: ANALYTICS.PUBLIC.CUSTOMERS
-- columns: ID = ANALYTICS.PUBLIC.CUSTOMERS.ID
WITH CUSTOMERS AS (SELECT * FROM ANALYTICS.PUBLIC.CUSTOMERS) SELECT CUSTOMERS.ID FROM CUSTOMERS
----
-- quoted alias with a space used in order by
-- tables: t
select a as "Order Date", sum(b) as "Total" from t group by "Order Date" order by "Order Date"
----
-- pivot any and with a subquery
-- tables: quarters, sales
select * from sales pivot (sum(amount) for quarter in (select distinct q from quarters order by q)) order by region
----
-- pivot any
-- tables: sales
select * from sales pivot (sum(amount) for quarter in (any order by quarter))
----
-- generator and row numbers
-- tables:
select row_number() over (order by seq4()) as n, dateadd(day, n, '2024-01-01') as d from table(generator(rowcount => 365))
----
-- information schema
-- tables: db.information_schema.tables
select table_name from db.information_schema.tables where table_schema = 'X'
----
-- insert overwrite
-- tables: src
insert overwrite into dst select * from src
----
-- create table with columns and a query
-- tables: src
-- columns: x = src.a
create or replace transient table dst (x number) cluster by (x) comment = 'c' as select a from src
----
-- dynamic table
-- tables: src
create or replace dynamic table d target_lag = '1 minute' warehouse = wh refresh_mode = auto as select a from src
----
-- ranges, frames and ignore nulls
-- tables: t
select last_value(a ignore nulls) over (partition by b order by c rows between unbounded preceding and current row), conditional_change_event(a) over (partition by b order by c) from t
----
-- set operators in brackets with limits
-- tables: a, b
(select x from a limit 10) union all (select x from b order by x limit 5)
----
-- lateral inline view
-- tables: departments, employees
select d.id, e.name from departments d, lateral (select name from employees e where e.department_id = d.id) e
----
-- variables and session parameters
-- tables: identifier_test
select $my_var, :bind, ? from identifier_test where x = $1
----
-- group by grouping sets and having with an alias
-- tables: t
select region, sum(amount) as total from t group by grouping sets ((region), ()) having total > 10
----
-- directory table and stage listing
-- tables:
select * from directory(@my_stage)
----
-- natural left join
-- tables: a, b
select a.* from a natural left join b
----
-- with recursive and a column list
-- tables: t
with recursive r (id, lvl) as (select id, 0 from t where p is null union all select t.id, r.lvl + 1 from t join r on t.p = r.id) select * from r
----
-- escaped quotes in identifiers
-- tables: we"ird.Ta ble
select "col""umn" from "we""ird"."Ta ble"
----
-- select star ilike
-- tables: t
select * ilike '%id%' from t
----
-- array and object literals
-- tables: t
-- reads: t (a, b)
select [a, b], {'k': a} from t
----
-- date literals and intervals
-- tables: t
select date '2024-01-01' + interval '1 day, 2 hours' from t where ts > timestamp_ntz_from_parts(2024, 1, 1, 0, 0, 0)
----
-- min_by, approx, bitand, and hash
-- tables: t
select min_by(a, b), approx_count_distinct(c), bitand(a, 4), hash(*) from t
----
-- a comment at the end without a line break
-- tables: t
select 1 from t -- done
----
-- at end-of-day boundary: time travel of a joined table with an alias
-- tables: a, b
select * from a join b at(offset => -60*5) as b2 on a.id = b2.id
----
-- a pivot over an unknown table, with names for its columns
-- tables: sales
-- columns: id = sales.id; jan = sales.amount
select id, jan from sales pivot(sum(amount) for month in ('JAN')) as p(id, jan)
----
-- a pivot over known columns, with names for them
-- tables: SALES
-- columns: ID = SALES.ID; JAN = SALES.AMOUNT; FEB = SALES.AMOUNT
SELECT * FROM (SELECT ID, MONTH, AMOUNT FROM SALES) PIVOT(SUM(AMOUNT) FOR MONTH IN ('JAN','FEB')) AS P (ID, JAN, FEB)
----
-- the body of execute immediate, in dollars
-- tables: db.s.t
-- confidence: scanned
execute immediate $$ begin let x := (select max(a) from db.s.t); return x; end $$
----
-- the body of a procedure, in dollars
-- tables: t
create or replace procedure p() returns string language sql as $$ begin insert into z select * from t; return 'x'; end $$
----
-- variables of SnowSQL
-- tables: t
select * from t where a = :param and b = ? and c = &var
----
-- a pivoted column is named with the quotes of its value
-- tables: sales
-- columns: REGION = sales.region; Q1 = sales.amt
select REGION, "'Q1'" as Q1 from (select region, q, amt from sales) pivot (sum(amt) for q in ('Q1', 'Q2')) p
