-- temporary tables with a hash, read again
-- tables: pub.sales
-- columns: r = pub.sales.region
create temp table #s distkey(region) sortkey(day) as select region, day from pub.sales; select region as r from #s
----
-- external schema and a late binding view
-- tables: spectrum.events
create or replace view v as select id from spectrum.events with no schema binding
----
-- super navigation and unnesting
-- tables: pub.orders
-- columns: id = pub.orders.id; sku = pub.orders.lines
select o.id, l.sku from pub.orders o, o.lines l where l.qty > 1
----
-- unpivot of a super
-- tables: pub.t
select k, v from pub.t as t, unpivot t.obj as v at k
----
-- datashare names in three parts, cross database
-- tables: share_db.public.t, dev.pub.u
select a.x from share_db.public.t a join dev.pub.u b on a.id = b.id
----
-- unload in a string, with doubled quotes
-- tables: pub.t
unload ('select a from pub.t where b = ''x''') to 's3://b/p' iam_role 'arn' parquet
----
-- approximate, listagg and qualify
-- tables: pub.t
select approximate count(distinct a), listagg(distinct b, ',') within group (order by b) from pub.t qualify row_number() over (partition by c order by d) = 1
----
-- exclude on a star and top
-- tables: pub.t
select top 10 * exclude (a, b) from pub.t
----
-- pivot over a subquery
-- tables: pub.sales
select * from (select region, q, amt from pub.sales) pivot (sum(amt) for q in ('Q1' as q1, 'Q2' as q2))
----
-- copy reads no table, insert does
-- tables: pub.src
copy pub.dst from 's3://b/x' iam_role default csv; insert into pub.dst select * from pub.src; vacuum pub.dst
----
-- system tables
-- tables: stl_query, svv_table_info
select q.query, i."table" from stl_query q, svv_table_info i where i.table_id = 1
----
-- create table as with attributes, minus
-- tables: a.x, b.y
create table c.z diststyle all compound sortkey (k) as select k from a.x minus select k from b.y
----
-- show, analyze and a query
-- tables: p.t
set query_group to 'tableau'; show search_path; analyze p.u; select a from p.t
----
-- a CTE in brackets, doubled quotes, a path in super
-- tables: p.t
with c as ((select a."x y", a.d.e[0].f from p.t a)) select * from c
