-- a plain join with an alias on one side
-- tables: orders, shop.items
-- columns: id = orders.id; name = shop.items.name
-- reads: orders (id, item_id); shop.items (id, name)
select o.id, items.name from orders o join shop.items on items.id = o.item_id
----
-- a CTE that shadows the table it reads
-- tables: orders
-- columns: id = orders.id; total = orders.price, orders.quantity
with orders as (select id, price * quantity as total from orders) select id, total from orders
----
-- a CTE is not visible before its definition
-- tables: b
-- columns: x = b.x
with a as (select x from b), b as (select 1 as y) select x from a
----
-- recursion over a hierarchy
-- tables: hr.employees
-- columns: id = hr.employees.id; level = hr.employees.level; path = hr.employees.name
with recursive tree(id, level, path) as (
  select id, level, name from hr.employees where manager_id is null
  union all
  select e.id, t.level + 1, t.path || '/' || e.name from hr.employees e join tree t on e.manager_id = t.id
)
select id, level, path from tree
----
-- lateral subquery and a set returning function
-- tables: accounts, payments
-- columns: id = accounts.id; last_amount = payments.amount; n
select a.id, p.last_amount, g.n
from accounts a
cross join lateral (select amount as last_amount from payments where payments.account_id = a.id order by paid_at desc limit 1) p
cross join generate_series(1, 3) as g(n)
----
-- subqueries in every clause
-- tables: a, b, c, d, e, f, g, h
select (select max(x) from a), case when exists (select 1 from b) then 1 end
from c
where c.id in (select id from d) and c.v > all (select v from e)
group by c.id, (select 1 from f limit 1)
having count(*) > (select avg(n) from g)
order by (select z from h limit 1)
----
-- only, tablesample and for update
-- tables: public.events
-- columns: id = public.events.id
select id from only public.events tablesample bernoulli (10) where id between symmetric 5 and 1 for update skip locked
----
-- quoted names keep their case and may hold dots, spaces and quotes
-- tables: Sales.Order Lines, public.we"ird
-- columns: Unit Price = Sales.Order Lines.Unit Price; a = public.we"ird.a
select ol."Unit Price", w.a from "Sales"."Order Lines" ol, public."we""ird" w where ol.id = w.id
----
-- quoted and unquoted names of one table
-- tables: ORDERS, orders
select 1 from "ORDERS" a, orders b, "orders" c, Orders d
----
-- JSON operators and casts are no columns
-- tables: logs
-- columns: user = logs.payload; at = logs.ts
-- reads: logs (payload, ts)
select payload -> 'user' ->> 'id' as user, ts::timestamptz as at from logs where payload @> '{"a": 1}' and payload ? 'x'
----
-- extract, trim, substring and overlay hold a FROM that is none
-- tables: people
-- columns: y = people.born; t = people.name; s = people.name
select extract(year from born) as y, trim(both ' ' from name) as t, substring(name from 1 for 3) as s
from people where a is distinct from b and position('x' in name) > 0
----
-- using merges columns
-- tables: customers, orders
-- columns: customer_id = customers.customer_id, orders.customer_id; amount = orders.amount
select customer_id, o.amount from customers c join orders o using (customer_id)
----
-- a data modifying CTE
-- tables: staging
-- columns: id = staging.id
with moved as (insert into archive (id, v) select id, v from staging returning id), x as (select id from staging)
select id from x
----
-- delete using
-- tables: blocked
delete from users u using blocked b where u.id = b.user_id
----
-- update from
-- tables: prices
-- columns: price = prices.amount
update items i set price = p.amount from prices p where p.item_id = i.id
----
-- insert with on conflict
-- tables: src
-- columns: id = src.id; v = src.v
insert into dst (id, v) select id, v from src on conflict (id) do update set v = excluded.v
----
-- create table as, then read it
-- tables: raw.events
-- columns: day = raw.events.ts; n
create temp table daily as select date_trunc('day', ts) as day, count(*) as n from raw.events group by 1;
select day, n from daily
----
-- create view with column names
-- tables: t
-- columns: a = t.x; b = t.y
create or replace view v (a, b) as select x, y from t
----
-- union, intersect and except by position
-- tables: a, b, c
-- columns: id = a.id, b.key
select id from a union all select key from b except select k from c
----
-- filter, within group, window and grouping sets
-- tables: sales
-- columns: region = sales.region; m = sales.amount; r = sales.amount, sales.region; f = sales.amount, sales.kind
select region, percentile_cont(0.5) within group (order by amount) as m,
       rank() over (partition by region order by sum(amount) desc) as r,
       sum(amount) filter (where kind = 'x') as f
from sales group by grouping sets ((region), ())
----
-- named windows
-- tables: sales
-- reads: sales (amount, day, region)
select sum(amount) over w from sales window w as (partition by region order by day)
----
-- distinct on
-- tables: visits
-- reads: visits (at, page, user_id)
select distinct on (user_id) user_id, page from visits order by user_id, at desc
----
-- values with column names
-- tables: t
-- columns: name; v = t.v
select l.name, t.v from t join (values (1, 'a'), (2, 'b')) as l(id, name) on l.id = t.id
----
-- nested joins in brackets
-- tables: a, b, c
-- columns: x = a.x; z = c.z
select a.x, c.z from a left join (b inner join c on b.id = c.b_id) on a.id = b.a_id
----
-- a correlated subquery two levels up
-- tables: a, b, c
-- reads: a (id, k); b (a_id, id); c (b_id, v)
select id from a where exists (select 1 from b where b.a_id = a.id and exists (select 1 from c where c.b_id = b.id and c.v = a.k))
----
-- star through a CTE
-- tables: t
-- columns: * = t.*; extra = t.a
-- reads: t (a)
with c as (select *, a + 1 as extra from t) select * from c
----
-- a name placed through an open star
-- tables: t, u
-- columns: a = t.a; b = u.b
with c as (select * from t), d as (select b, id from u) select c.a, b from c join d on c.id = d.id
----
-- table command and copy
-- tables: regions
table regions
----
-- copy of a query
-- tables: t
copy (select a from t) to '/tmp/x.csv' with csv
----
-- explain reads like what it explains
-- tables: t
-- columns: a = t.a
explain analyze select a from t
----
-- record functions with a column definition list
-- tables: docs
-- columns: a = docs.body; b = docs.body
select x.a, x.b from docs, json_to_recordset(docs.body) as x(a int, b text)
----
-- row references
-- tables: orders
-- columns: j = orders.*
select row_to_json(o) as j from orders o
----
-- select into
-- tables: t
-- columns: a = t.a
select a into new_table from t; select a from new_table
----
-- array constructors, any, in unnest
-- tables: t, u
select array(select id from u order by id) from t where t.k = any (array[1, 2]) and t.j = any (select j from u)
----
-- the defaults are put in front
-- tables: shop.public.orders, shop.other.items, x.y.z
-- defaults: shop.public
select 1 from orders, other.items, x.y.z
----
-- Tableau parameters and doubled brackets
-- tables: orders
-- columns: id = orders.id
select id from orders where amount >>= <[Parameters].[Lowest amount]> and day <<> <Parameters.Day> and kind = '<[Parameters].[Kind]>'
----
-- shifts stay shifts
-- tables: t
-- columns: a = t.x; b = t.y
select x << 2 as a, y >> 1 as b from t
----
-- dollar quotes and escape strings
-- tables: t
select $$from nowhere$$, $x$ ' $x$, E'it\'s', U&'\0041' from t
----
-- with ordinality, rows from, unnest of several arrays
-- tables: t
-- columns: id = t.id; e = t.tags; n
select t.id, u.e, u.n from t, unnest(t.tags) with ordinality as u(e, n)
----
-- window frame with exclude, and a filter subquery
-- tables: t, u
select sum(x) filter (where y in (select y from u)) over (order by z rows between unbounded preceding and current row) from t
----
-- grant and set beside a query
-- tables: t
-- columns: a = t.a
set search_path = x; select a from t; 
----
-- xml and json tables
-- tables: docs
-- columns: id = docs.body
select x.id from docs, xmltable('/r' passing docs.body columns id int path '@id') as x
----
-- natural join of known columns
-- tables: a, b
-- columns: id = a.id, b.id; v = b.v
with x as (select id, u from a), y as (select id, v from b) select id, v from x natural join y
----
-- merge
-- tables: staging.changes
-- columns: v = staging.changes.v; id = staging.changes.id
merge into live.items as t using staging.changes as s on t.id = s.id
when matched and s.deleted then delete
when matched then update set v = s.v
when not matched then insert (id, v) values (s.id, s.v)
