-- external schemas and three parts
-- tables: dev.public.orders, spectrum.clicks
-- columns: id = dev.public.orders.id; url = spectrum.clicks.url
select o.id, c.url from dev.public.orders o join spectrum.clicks c on c.order_id = o.id
----
-- navigation into SUPER
-- tables: customers
-- columns: id = customers.id; sku = customers.orders
select c.id, l.sku from customers c, c.orders as o, o.lines as l
----
-- SUPER with subscripts and an index
-- tables: t
-- columns: v = t.doc; i
select t.doc.items[0].price as v, i from t, t.doc.items as x at i
----
-- unpivot of an object
-- tables: t
-- columns: k = t.doc; v = t.doc
select k, v from t, unpivot t.doc as v at k
----
-- quotes ignore case
-- tables: Orders
select * from Orders union all select * from "ORDERS"
----
-- top, approximate, listagg, getdate
-- tables: t
-- reads: t (a, b, d, u)
select top 5 a, approximate count(distinct u), listagg(b, ',') within group (order by b) from t where d > getdate() - 7 or sysdate is null or b = a group by a
----
-- temporary tables by name and by word
-- tables: src
-- columns: a = src.a
create table #t diststyle all sortkey (a) as select a from src; select a from #t
----
-- lateral alias
-- tables: t
-- columns: x = t.a; y = t.a
select a * 2 as x, x + 1 as y from t
----
-- qualify and minus
-- tables: a, b
select x from a qualify row_number() over (partition by x order by y) = 1 minus select x from b
----
-- pivot
-- tables: part
select * from (select partname, price from part) pivot (avg(price) for partname in ('a', 'b'))
----
-- unload of a query
-- tables: s.t
unload ('select a from s.t where b = ''x''') to 's3://bucket/x' iam_role 'arn:aws:iam::1:role/x' parquet
----
-- copy reads no relation
-- tables:
copy s.t from 's3://bucket/x' iam_role 'arn' format as parquet
----
-- late binding view
-- tables: spectrum.t
-- columns: a = spectrum.t.a
create or replace view s.v as select a from spectrum.t with no schema binding
----
-- exclude
-- tables: t
-- columns: * = t.*
select * exclude (a, b) from t
----
-- delete using and update from
-- tables: b
delete from a using b where a.id = b.id
----
-- json functions, nvl, decode, date parts
-- tables: t
-- reads: t (a, d, j)
select json_extract_path_text(j, 'a', 'b'), nvl(a, 0), dateadd(month, 1, d), datediff('day', d, current_date), date_part(dow, d) from t
----
-- outer join operator
-- tables: a, b
select 1 from a, b where a.id = b.id(+)
----
-- insert with a CTE
-- tables: s
-- columns: a = s.a
insert into t (a) with c as (select a from s) select a from c
----
-- merge
-- tables: s
merge into t using s on t.id = s.id when matched then update set v = s.v when not matched then insert values (s.id, s.v)
----
-- a subquery with an alias list and an interval
-- tables: t
select x.a from (select b, c from t where d > current_date - interval '7 days') as x(a, e)
