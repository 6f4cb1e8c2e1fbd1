-- catalog, database and table
-- tables: awsdatacatalog.web.clicks
-- columns: url = awsdatacatalog.web.clicks.url
select url from "awsdatacatalog"."web"."clicks"
----
-- unnest
-- tables: web.orders
-- columns: id = web.orders.id; sku = web.orders.items
select o.id, i.sku from web.orders o cross join unnest(o.items) as t(i)
----
-- create table as with properties
-- tables: web.src
-- columns: a = web.src.a
create table web.dst with (format = 'PARQUET', external_location = 's3://x/') as select a from web.src
----
-- partitions and dates
-- tables: web.logs
-- reads: web.logs (day, status)
select status, count(*) from web.logs where day between date_format(current_date - interval '7' day, '%Y-%m-%d') and '2024-01-01' group by status
----
-- a hidden table of iceberg
-- tables: web.t$snapshots
select * from "web"."t$snapshots"
----
-- json
-- tables: web.t
-- columns: a = web.t.j; b = web.t.j
select json_extract_scalar(j, '$.a') as a, cast(json_extract(j, '$.b') as array(varchar)) as b from web.t
----
-- unload
-- tables: web.t
unload (select a from web.t) to 's3://x/' with (format = 'JSON')
----
-- insert
-- tables: web.src
-- columns: a = web.src.a
insert into web.dst select a from web.src
----
-- merge
-- tables: web.s
merge into web.t t using web.s s on t.id = s.id when matched then update set v = s.v when not matched then insert (id, v) values (s.id, s.v)
----
-- regexp and lambdas
-- tables: web.t
-- columns: x = web.t.a; y = web.t.tags
select regexp_extract(a, '(\d+)', 1) as x, any_match(tags, t -> t = 'x') as y from web.t
----
-- row number in a derived table
-- tables: web.t
-- columns: id = web.t.id
select id from (select id, row_number() over (partition by id order by ts desc) as rn from web.t) where rn = 1
----
-- backticks in a create view of Hive
-- tables: web.t
create or replace view web.v as select a, b from web.t
----
-- recursive
-- tables: web.e
with recursive r(id, p) as (select id, p from web.e where p is null union all select e.id, e.p from web.e e, r where e.p = r.id) select * from r
----
-- the database that is the default
-- tables: awsdatacatalog.web.clicks
-- defaults: awsdatacatalog.web
select 1 from clicks
