-- GA4 export
-- tables: proj.analytics_123.events_*
-- columns: page = proj.analytics_123.events_*.event_params; users = proj.analytics_123.events_*.user_pseudo_id
select (select ep.value.string_value from unnest(event_params) as ep where ep.key = 'page_location') as page, count(distinct user_pseudo_id) as users
from `proj.analytics_123.events_*` where _table_suffix between format_date('%Y%m%d', date_sub(current_date(), interval 7 day)) and format_date('%Y%m%d', current_date())
group by 1
----
-- generate_date_array and a cross join
-- tables: p.d.t
select day, count(t.id) from unnest(generate_date_array('2024-01-01', current_date(), interval 1 day)) as day left join `p.d.t` t on date(t.created_at) = day group by day
----
-- nested structs with offsets and safe offsets
-- tables: d.t
-- columns: a = d.t.items; b = d.t.info; c = d.t.arr
select items[offset(0)].price.amount as a, t.info.tags[safe_offset(1)] as b, arr[ordinal(1)] as c from d.t as t
----
-- array_agg of a struct, then unnest it
-- tables: d.t
-- columns: id = d.t.id; v = d.t.k, d.t.v
with g as (select id, array_agg(struct(k, v) order by k) as kv from d.t group by id) select g.id, x.v from g, g.kv as x
----
-- in unnest of a subquery and exists over unnest
-- tables: d.t, d.u
select id from d.t where id in unnest((select array_agg(id) from d.u)) and exists (select 1 from unnest(tags) tag where tag = 'x')
----
-- window with qualify and rank, group by with alias
-- tables: p.d.orders
select customer_id as cust, sum(total) as s from `p`.`d`.`orders` group by cust qualify rank() over (order by s desc) <= 10
----
-- json functions and field access
-- tables: d.t
-- columns: x = d.t.j; y = d.t.j
select json_value(j, '$.a') as x, j.a.b as y from d.t
----
-- date truncations with isoweek and extract
-- tables: d.t
-- reads: d.t (d)
select timestamp_trunc(d, isoweek), extract(dayofweek from d), extract(week(monday) from d), last_day(d, quarter), date_add(d, interval 1 quarter) from d.t
----
-- full outer join with coalesce and using
-- tables: d.a, d.b
-- columns: id = d.a.id, d.b.id; ? = d.a.v, d.b.v
select id, coalesce(a.v, b.v) from d.a full join d.b using (id)
----
-- union distinct, intersect distinct, except distinct
-- tables: d.a, d.b, d.c, d.e
select x from d.a union distinct select x from d.b intersect distinct select x from d.c except distinct select x from d.e
----
-- a table with a dash in the dataset, partition decorators
-- tables: bigquery-public-data.github_repos.sample_files
select * from bigquery-public-data.github_repos.sample_files limit 10
----
-- with a named window and a raw regular expression
-- tables: d.t
select regexp_extract(a, r'(\d+)"x"'), lead(b) over w from d.t window w as (partition by c order by e)
----
-- select except from a join
-- tables: d.a, d.b
select a.* except (x), b.y from d.a a join d.b b on a.id = b.id
----
-- unpivot with aliases
-- tables: d.t
select * from d.t unpivot include nulls ((sales, staff) for semester in ((q1, s1) as 'a', (q2, s2) as 'b'))
----
-- create view with options
-- tables: p.d.src
create or replace view `p.d.v` options (description = 'x', labels = [('a', 'b')]) as select * from `p.d.src`
----
-- materialized view with partition
-- tables: d.t
create materialized view d.mv partition by date(ts) cluster by a as select a, ts from d.t
----
-- a merge with not matched by source
-- tables: d.s
merge into d.t as t using d.s as s on t.id = s.id when not matched by source then delete when matched and s.x > 1 then update set x = s.x, y = s.y when not matched then insert row
----
-- begin and end with an if
-- tables: d.a, d.b
begin
  declare n int64 default (select count(*) from d.a);
  if n > 0 then select x from d.b; end if;
end
----
-- safe_cast, ifnull, nullif, countif, logical_or
-- tables: d.t
-- reads: d.t (a, b)
select safe_cast(a as int64), ifnull(a, 0), nullif(b, ''), countif(a > 1), logical_or(b = 'x') from d.t
----
-- pipe syntax with everything
-- tables: d.o
from d.o |> extend a + b as c |> set a = 1 |> drop b |> rename c as e |> where e > 1 |> order by e desc |> limit 10
----
-- tvf and appends
-- tables: d.t
select * from d.my_function(10), appends(table d.t, null, null)
----
-- time travel with a literal
-- tables: d.t
select * from d.t for system_time as of '2024-01-01 00:00:00' as old
----
-- array of structs literal in from
-- tables:
select x, y from unnest([struct(1 as x, 'a' as y), (2, 'b')])
----
-- string functions with backslashes and unicode
-- tables: d.t
select split(a, '\\|')[safe_offset(0)], 'café \'x\'' from d.t
----
-- select distinct as struct in a subquery
-- tables: d.t
select array(select as struct distinct a, b from d.t) x
----
-- column named like a keyword
-- tables: d.t
-- reads: d.t (date, timestamp, value)
select date, timestamp, value from d.t where date > '2024-01-01'
----
-- an array of a neighbour by its whole name
-- tables: d.t
-- columns: v = d.t.arr
select x.v from d.t, d.t.arr as x
----
-- pivot: the name of the aggregate comes first
-- tables: d.produce
-- columns: product = d.produce.product; total_Q1 = d.produce.sales; cnt_Q1
select * from (select product, sales, quarter from d.produce) pivot(sum(sales) as total, count(*) as cnt for quarter in ('Q1'))
----
-- unpivot: the values come before the names
-- tables: d.produce
-- columns: product = d.produce.product; sales = d.produce.q1, d.produce.q2; quarter
select * from (select product, q1, q2 from d.produce) unpivot(sales for quarter in (q1, q2))
