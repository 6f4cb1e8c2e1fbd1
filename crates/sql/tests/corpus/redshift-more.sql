-- a spectrum join with date functions
-- tables: analytics.sessions, spectrum_db.clicks
select s.id, date_trunc('day', s.started_at), convert_timezone('UTC', 'Europe/Berlin', c.ts) from analytics.sessions s left join spectrum_db.clicks c on c.session_id = s.id where s.started_at >= dateadd(day, -30, trunc(getdate()))
----
-- listagg over a partition, ratio_to_report, median
-- tables: t
select listagg(distinct a, ',') within group (order by a) over (partition by b), ratio_to_report(c) over (), median(c) from t
----
-- regexp, split_part, json, ilike, similar to
-- tables: t
select split_part(a, '/', 2), regexp_substr(a, 'x.*'), json_extract_array_element_text(j, 0), a ilike '%x%', a !~ 'y' from t
----
-- svv system tables
-- tables: svv_tables, pg_catalog.stl_query
select 1 from svv_tables, pg_catalog.stl_query
----
-- select into a temporary table
-- tables: src
-- columns: a = src.a
select a into temp x from src; select a from x
----
-- create table with distribution
-- tables: src
create table x distkey (a) compound sortkey (a, b) as select a, b from src
----
-- materialized view with auto refresh
-- tables: src
create materialized view mv backup no auto refresh yes as select a from src
----
-- object unpivoting with a cast
-- tables: t
-- columns: id = t.id; v = t.doc
select t.id, x.v::varchar as v from t, (select t2.doc.a as v from t t2) x
----
-- top with ties of brackets in brackets
-- tables: a
select top 10 * from (select * from (a))
----
-- case insensitive collate, nvl2, decode, interval
-- tables: t
select nvl2(a, b, c), decode(a, 1, 'x', 'y'), d + interval '1 hour', len(a), charindex('x', a) from t
----
-- boolean aggregates, any_value, count over
-- tables: t
select bool_or(a), any_value(b), count(*) over (partition by c) from t
----
-- union all in a CTE used twice
-- tables: a, b
with u as (select x from a union all select x from b) select l.x from u l join u r on l.x = r.x
----
-- pivot: the name of the aggregate comes last
-- tables: part
-- columns: manufacturer = part.manufacturer; high_count; low_count
select * from (select quality, manufacturer from part) pivot (count(*) as count for quality in (1 as high, 2 as low))
----
-- unload with escaped quotes
-- tables: t
unload ('select a from t where b = \'x\'') to 's3://b/x' iam_role 'arn' parquet partition by (a)
----
-- create table as, with names and a distribution
-- tables: t
create temp table x (a, b) backup no distkey (a) compound sortkey (a, b) as select a, b from t; select a from x
----
-- the body of a procedure, in dollars
-- tables: t
-- confidence: scanned
create or replace procedure p() as $$ begin insert into z select a from t; end; $$ language plpgsql
