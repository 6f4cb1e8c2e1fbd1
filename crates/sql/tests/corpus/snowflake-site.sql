-- three parts in quotes with dots and quotes inside
-- tables: My.Db.S"1.Order Lines
select "Id" from "My.Db"."S""1"."Order Lines"
----
-- use and session settings, temporary table, then read
-- tables: RAW.WEB.EVENTS
-- columns: N
use role reporting; use warehouse wh; alter session set timezone = 'UTC'; create or replace temporary table tmp as select id from RAW.WEB.EVENTS; select count(*) as N from tmp
----
-- a stage with a pattern beside a table
-- tables: dim.files
select t.$1:id::int, f.name from @raw.public.stage/2024/ (file_format => raw.public.json, pattern => '.*[.]json') t join dim.files f on f.name = metadata$filename
----
-- at with an offset and an alias, before a statement
-- tables: db.s.t, db.s.u
select a.x from db.s.t at (offset => -60*5) as a left join db.s.u before (statement => '8e5d0ca9-005e-44e6-b858-a8f5b37c5726') as b using (id)
----
-- exclude, rename and ilike on stars of a join
-- tables: a, b
select a.* exclude (x, y), b.* ilike '%id%', c.* rename (q as r) from a join b using (id) join (select q from b) c on true
----
-- flatten of a flatten with lateral, columns from the payload
-- tables: raw.orders
-- columns: sku = raw.orders.payload; tag = raw.orders.payload
select l.value:sku::string as sku, t.value::string as tag from raw.orders o, lateral flatten(input => o.payload:lines) l, lateral flatten(input => l.value:tags, outer => true) t
----
-- table of a function with a cursor-like argument, and a join
-- tables: fin.rates
select r.*, f.x from fin.rates r, table(udf.explode(r.a, r.b) over (partition by r.c order by r.d)) f
----
-- call, then result scan
-- tables:
call rpt.build('2024'); select * from table(result_scan(last_query_id()))
----
-- a CTE with a column list that shadows a table
-- tables: db.s.orders
-- columns: k = db.s.orders.id
with orders (k, v) as (select id, amount from db.s.orders) select k from orders
----
-- recursive without the word
-- tables: org
-- columns: ID = org.ID
with t as (select ID, BOSS from org where BOSS is null union all select o.ID, o.BOSS from org o join t on o.BOSS = t.ID) select ID from t
----
-- pivot with any and default on null
-- tables: sales
select * from (select * from sales) pivot (sum(amount) for q in (any order by q) default on null (0)) as p
----
-- merge from a stage is a merge from no table
-- tables:
merge into t using (select $1 as id, $2 as v from @stg/f.csv) s on t.id = s.id when matched then update set v = s.v when not matched then insert (id, v) values (s.id, s.v)
----
-- insert overwrite, multi-table
-- tables: src
insert overwrite all into t1 into t2 (a, b) values (x, y) select x, y from src
----
-- a semantic view is a relation
-- tables: sales_view, t
select * from semantic_view(sales_view dimensions region metrics total) sv join t on t.region = sv.region
----
-- identifier of a variable
-- tables: d.t
set tbl = 'raw.x'; select a from identifier($tbl) x join d.t on t.id = x.id
----
-- a scripting block
-- tables: cfg.runs, fct.sales
-- confidence: scanned
execute immediate $$ begin let d date := (select max(d) from cfg.runs); create or replace table agg as select sum(x) s from fct.sales where d = :d; end; $$
----
-- an anonymous block with a cursor for
-- tables: cfg.names
declare c cursor for select n from cfg.names; begin for r in c do let s := r.n; end for; return 'x'; end
----
-- asof join with a CTE
-- tables: px, tr
with q as (select sym, ts, bid from px) select t.id, q.bid from tr t asof join q match_condition (t.ts >= q.ts) using (sym)
----
-- a Tableau parameter that names a schema by text stays a literal
-- tables: s.t
select a from s.t where b = <[Parameters].[It's a "name" > x]> and c <> '<[Parameters].[P]>'
----
-- seeds: values with names, joined
-- tables: dim
select v.id, d.x from (values (1, 'a'), (2, 'b')) as v (id, nm) left join dim d on d.nm = v.nm
----
-- min_by over a lateral join of a table function of json
-- tables: t
select min_by(f.value:a, f.index) from t, lateral flatten(parse_json(t.j):list) f group by t.id
----
-- sample in several forms
-- tables: a, b, c
select 1 from a x sample row (3) join b y tablesample bernoulli (20.3) seed (82) on x.i = y.i, c z sample block (0.5)
----
-- a comment with slashes
-- tables: t
select a // from x
from t -- join y
/* join z */
----
-- trailing commas, group by all, a name like a function
-- tables: db.sc.date, db.sc.left
select d.x, l.y, from db.sc.date d join db.sc.left l on l.id = d.id group by all
----
-- streams and changes
-- tables: s.orders_stream, s.t
select a from s.orders_stream where metadata$action = 'INSERT' union all select a from s.t changes (information => append_only) at (stream => 's.x')
----
-- unload with a join inside
-- tables: s.a, s.b
copy into @~/x from (select a.x, b.y from s.a a join s.b b using (id)) file_format = (type = parquet) header = true overwrite = true
----
-- union by name
-- tables: a, b
select x, y from a union all by name select y, x from b
----
-- show and a result scan in a pipe
-- tables:
-- confidence: scanned
show tables in schema a.b ->> select "name" from $1
----
-- a table literal, a dynamic table of a name with quotes
-- tables: Db.S.T x
select * from table('"Db"."S"."T x"')
----
-- a script that drops and renames
-- tables: src
create or replace table a_new as select * from src; alter table a swap with a_new; drop table a_new
----
-- the same name as a CTE and as a temporary table
-- tables: s.x
create temporary table t as select a from s.x; with t as (select a from t) select a from t
----
-- a higher-order function and an object constructor with a star
-- tables: s.t
-- reads: s.t (arr)
select filter(arr, e -> e:v > 1), transform(arr, (e int) -> e + 1), object_construct('k', arr) from s.t
----
-- an at-clause after an alias-less function of a stream
-- tables: s.t, s.u
select t.a from s.t at (timestamp => dateadd(day, -1, current_timestamp())) t, s.u
----
-- select from a stage with a database and quotes
-- tables:
select $1 from '@"Db"."S"."Stage x"/path/f.csv'
----
-- insert with a CTE in it
-- tables: s.a
insert into s.dst with c as (select x from s.a) select x from c
----
-- a name with a dollar and a leading underscore
-- tables: _fivetran.salesforce.account$x
select _fivetran_synced from _fivetran.salesforce.account$x
----
-- table functions of history and of schema
-- tables: t
select * from table(information_schema.query_history(result_limit => 10)) q, table(infer_schema(location => '@s/x')) i, t
----
-- a lateral of a table function of a user with a schema
-- tables: s.t
select f.* from s.t, lateral s.split_rows(t.a) f
----
-- an unqualified star with a qualified one and a subquery in the middle
-- tables: s.a, s.b
select a.*, (select max(b.d) from s.b b where b.aid = a.id) as last_d from s.a a where exists (select 1 from s.b b2 where b2.aid = a.id and b2.x > all (select x from s.b))
