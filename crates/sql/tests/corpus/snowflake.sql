-- upper case folding
-- tables: DB.SC.Orders
-- columns: id = DB.SC.Orders.id
select id from DB.SC.Orders union all select id from db.sc.orders union all select id from "DB"."SC"."ORDERS"
----
-- quoted lower case is another table
-- tables: orders, orders
-- columns: a = orders.a; b = orders.b
select x.a, y.b from orders x, "orders" y
----
-- flatten in both forms
-- tables: raw.events
-- columns: id = raw.events.id; v = raw.events.payload; t = raw.events.tags
select e.id, f.value:name::string as v, g.value as t
from raw.events e, lateral flatten(input => e.payload:items) f, table(flatten(e.tags, outer => true)) g
----
-- qualify
-- tables: events
-- reads: events (at, id, user_id)
select id, user_id from events qualify row_number() over (partition by user_id order by at desc) = 1
----
-- stages
-- tables: dim
-- columns: $1; k = dim.k
select s.$1, d.k from @raw.stage/path/file.csv (file_format => 'csv') s join dim d on d.k = s.$2
----
-- table functions
-- tables: t
select * from table(generator(rowcount => 10)), t, table(result_scan(last_query_id()))
----
-- identifier and table with a name in a string
-- tables: db.sc.orders, sc.items
select * from identifier('db.sc.orders') o, table('sc.items') i
----
-- time travel
-- tables: db.sc.t, u
-- columns: a = db.sc.t.a
select t.a from db.sc.t at (timestamp => '2024-01-01'::timestamp) t join u before (statement => 'x') on u.a = t.a
----
-- changes
-- tables: t
select * from t changes (information => default) at (timestamp => '2024-01-01'::timestamp)
----
-- double dot means the public schema
-- tables: db.PUBLIC.orders
select * from db..orders
----
-- pivot
-- tables: sales
-- columns: id = sales.id; Q1 = sales.amount; Q2 = sales.amount
select id, "Q1", "Q2" from (select id, quarter, amount from sales) pivot(sum(amount) for quarter in ('Q1', 'Q2')) as p
----
-- unpivot
-- tables: monthly
-- columns: id = monthly.id; month; amount = monthly.feb, monthly.jan
select id, month, amount from (select id, jan, feb from monthly) unpivot(amount for month in (jan, feb))
----
-- match_recognize
-- tables: ticks
-- columns: sym = ticks.sym; bottom = ticks.price
select * from ticks match_recognize (
  partition by sym order by at
  measures last(down.price) as bottom
  one row per match
  after match skip past last row
  pattern (strt down+ up+)
  define down as price < lag(price), up as price > lag(price))
----
-- exclude, replace and rename
-- tables: t
-- columns: a = t.a; b2 = t.b; c = t.c, t.d
with s as (select a, b, c, d from t) select * exclude (d) rename (b as b2) from (select * replace (c + d as c) from s)
----
-- group by all, order by all, ilike any
-- tables: t
-- columns: a = t.a; n
select a, count(*) as n from t where a ilike any ('%x%', '%y%') group by all order by all
----
-- lateral alias
-- tables: t
-- columns: x = t.a; y = t.a
-- reads: t (a)
select a + 1 as x, x * 2 as y from t where y > 3
----
-- the table's own column wins over an alias computed from it
-- tables: t
-- columns: name = t.name; n2 = t.name
select upper(name) as name, name || 'x' as n2 from t
----
-- values in from, sample, and a semi structured path
-- tables: t
-- columns: column1; c = t.v
select v1.column1, t.v:a.b[0]."C"::int as c from (values (1), (2)) v1, t sample (10)
----
-- asof join
-- tables: quotes, trades
-- columns: id = trades.id; price = quotes.price
select t.id, q.price from trades t asof join quotes q match_condition (t.at >= q.at) on t.sym = q.sym
----
-- connect by
-- tables: emp
-- reads: emp (id, manager_id, name)
select name, sys_connect_by_path(name, '/') from emp start with manager_id is null connect by manager_id = prior id
----
-- insert all
-- tables: src
insert all when a > 1 then into t1 (x) values (a) else into t2 (x) values (a) select a from src
----
-- copy into from a stage with a transformation
-- tables:
copy into mytable (a, b) from (select $1, $2 from @stage/file) file_format = (type = csv)
----
-- unload
-- tables: db.sc.orders
copy into @stage/out from db.sc.orders file_format = (type = parquet)
----
-- clone
-- tables: prod.sc.t
create table dev.sc.t clone prod.sc.t
----
-- create dynamic table and secure view
-- tables: src
-- columns: a = src.a
create or replace secure view v copy grants as select a from src
----
-- a script of several statements
-- tables: db.raw.a, db.raw.b
-- columns: id = db.raw.a.id; v = db.raw.b.v
use database db; set x = 5; create or replace temporary table tmp as select id from db.raw.a; select t.id, b.v from tmp t join db.raw.b b on b.id = t.id where b.n > $x
----
-- outer join operator
-- tables: a, b
-- reads: a (id, x); b (id, y)
select a.x, b.y from a, b where a.id = b.id (+)
----
-- date parts are no columns
-- tables: t
-- columns: d = t.d1, t.d2; m = t.ts; w = t.d1
-- reads: t (d1, d2, ts)
select datediff(day, d1, d2) as d, date_trunc(month, ts) as m, dateadd('week', 1, d1) as w from t
----
-- higher order functions
-- tables: t
-- columns: f = t.arr
select filter(arr, x -> x > 2) as f from t
----
-- a subquery in a join condition and comments of all kinds
-- tables: a, b, c
select 1 // one
from a -- two
join b /* three */ on a.id = b.id and a.v in (select v from c)
----
-- metadata columns and semi structured filters
-- tables: t
-- reads: t (src)
select src:customer[0].name::varchar from t where src:dealership = 'x'
----
-- recursion without the word
-- tables: parts
-- columns: id = parts.id
with tree as (select id, parent_id from parts where parent_id is null union all select p.id, p.parent_id from parts p join tree t on p.parent_id = t.id) select id from tree
----
-- string escapes with a backslash
-- tables: t
select 'it\'s from nowhere' from t where x like '%\\_%'
----
-- merge with several branches
-- tables: s
merge into tgt t using (select id, max(v) v from s group by id) s2 on t.id = s2.id when matched then update set t.v = s2.v when not matched then insert (id, v) values (s2.id, s2.v)
----
-- semantic view
-- tables: sales_view
select * from semantic_view(sales_view dimensions customer.region metrics orders.total)
