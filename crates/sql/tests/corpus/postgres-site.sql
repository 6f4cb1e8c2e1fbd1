-- initial SQL with a temporary table, an index and analyze
-- tables: raw.events
-- columns: day = raw.events.at; n
set statement_timeout = '5min'; create temporary table daily on commit drop as select at::date as day, count(*) n from raw.events group by 1; create index on daily (day); analyze daily; select day, n from daily
----
-- a parameter inside of a cast and an interval
-- tables: public.orders
-- reads: public.orders (at, id)
select id from public.orders where at >= <[Parameters].[From]>::date and at < <[Parameters].[From]>::date + interval '1 day' * <Parameters.Days>
----
-- doubled brackets around a parameter
-- tables: t
select a from t where b <<= <[Parameters].[x]> and c >> 1 and d <<>> <Parameters.y>
----
-- a lateral function of a schema and a subquery in values
-- tables: a, b
select a.id, f.v, x.m from a, lateral rpt.calc(a.id) f, (values ((select max(k) from b))) as x(m)
----
-- a data modifying CTE feeds the query
-- tables: staging.x, audit.log
with del as (delete from staging.x where d < now() returning id), ins as (insert into archive.x select id from del returning id) select i.id, l.at from ins i join audit.log l on l.id = i.id
----
-- a CTE read in a CTE under the same name in a subquery
-- tables: s.a
-- columns: v = s.a.v
with x as (select v from s.a) select v from (with x as (select v from x) select v from x) q
----
-- natural join, using and on in one chain
-- tables: a, b, c, d
select * from a natural join b join c using (id) left join d on d.k = c.k
----
-- recursive with two unions and aggregates outside
-- tables: part, price
with recursive bom(id, q) as (select id, 1 from part where top union select p.id, b.q * p.qty from part p join bom b on b.id = p.parent) select b.id, sum(b.q * pr.amt) from bom b join price pr on pr.id = b.id group by 1
----
-- a subquery in limit and in offset
-- tables: t, cfg
select a from t order by a limit (select n from cfg) offset (select m from cfg)
----
-- json_table, multirange and merge with returning
-- tables: docs
select j.a from docs d, json_table(d.body, '$[*]' columns (a int path '$.a', nested path '$.b[*]' columns (c text path '$'))) as j
----
-- a function call in from with ordinality and a column definition list
-- tables: t
select t.id, e.k, e.n from t cross join lateral jsonb_each_text(t.doc) with ordinality as e(k, v, n)
----
-- dblink has its tables elsewhere
-- tables: local.t
select r.a, t.b from dblink('dbname=x', 'select a from remote.y') as r(a int) join local.t on t.a = r.a
----
-- do block and call read nothing that is sure
-- tables: t
call refresh('x'); do $$ begin perform 1; end $$; select a from t
----
-- names with quotes, dots and unicode
-- tables: a.b.c"d, Ünï.Täble
select 1 from "a.b"."c""d", "Ünï"."Täble"
----
-- deep correlation with aliases reused
-- tables: a, b, c
select x.id from a x where exists (select 1 from b x where x.k = 1 and exists (select 1 from c where c.id = x.id))
----
-- select from a function of the information schema and a cast of a name
-- tables: pg_catalog.pg_class
select relname from pg_catalog.pg_class where oid = 'my.table'::regclass
----
-- prepared and executed
-- tables: t
prepare q (int) as select a from t where b = $1; execute q (1)
----
-- a cursor
-- tables: t
begin; declare c cursor with hold for select a from t; fetch 100 from c; close c; commit
----
-- a view over itself in another schema
-- tables: base.sales
create view mart.sales as select * from base.sales
----
-- update returning in a CTE with from
-- tables: src, t
with u as (update t set a = s.a from src s where s.id = t.id returning t.id, t.b) select id, b from u
----
-- create table like and insert from it
-- tables: src
create temp table x (like src including all); insert into x select * from src where false; select * from x
----
-- string aggregates with order and filters, array subquery
-- tables: t, u
select string_agg(t.a, ',' order by t.b) filter (where t.c), array(select u.x from u where u.tid = t.id) from t group by t.id
----
-- unload of a CTE
-- tables: t
copy (with x as (select a from t) select a from x) to stdout with (format csv, header)
----
-- old style outer conditions, row comparisons and any of a subquery
-- tables: t, u
select * from t where (a, b) = any (select x, y from u) and (c is distinct from d) is true
----
-- escaped identifiers and a keyword as a function
-- tables: t
select left(a, 3), right(b, 2), "user", u&"d\0061t\+000061" from t
----
-- rows of a delete, joined with the table of the same statement
-- tables: q.jobs, q.kinds, q.locks
-- columns: id = q.jobs.id; name = q.kinds.name
with taken as (delete from q.jobs j using q.locks l where l.id = j.id returning j.id, j.kind) select t.id, k.name from taken t join q.kinds k on k.id = t.kind
----
-- listen, vacuum and a lock around a query
-- tables: s.t
begin; lock table s.u in share mode; select a from s.t; commit; vacuum analyze s.v; listen x
----
-- a domain of names: user, value, key, type, date
-- tables: s.user
-- reads: s.user (date, key, name, type, value)
select u.name, u.value, u.key, u.type, u.date from s.user u
----
-- overlaps, at time zone, and an array of rows
-- tables: a
select (s, e) overlaps (date '2024-01-01', date '2024-02-01'), array_agg(row(s, e)), ts at time zone 'utc' from a group by 3
----
-- a table of a name like a function, and a function of a name like a table
-- tables: s.count
select c.n, o.x from s.count c, orders(2024) o
----
-- using with a subquery of the same alias
-- tables: a, b
select t.x, u.y from (select id, x from a) t join (select t.id, t.y from b t) u using (id)
----
-- only in brackets, an insert of a table
-- tables: s.a, s.b, s.c
insert into s.dst table s.c; select a.x from only (s.a) a join s.b b on b.id = a.id
