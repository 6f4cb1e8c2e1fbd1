-- the plainest query
-- tables: orders
-- columns: * = orders.*
select * from orders
----
-- three parts, quoted in several ways
-- tables: a.b.c, d.e f.g, h.i
select 1 from a.b.c, "d"."e f"."g", `h`.`i`
----
-- nolock from an unknown server
-- tables: a, b
select 1 from a with (nolock), b (nolock)
----
-- a teradata query through ODBC
-- tables: a
sel x from a qualify rank() over (order by x) = 1
----
-- odbc outer join
-- tables: a, b
select a.x from {oj a left outer join b on a.id = b.id}
----
-- dual
-- tables:
select 1 from dual
----
-- limit, offset, fetch and top
-- tables: a, b
select top 5 x from a union all select x from b limit 5 offset 2
----
-- Jinja around a query
-- tables: raw.events
-- columns: id = raw.events.id
{{ config(materialized='view') }}
{%- set days = 7 -%}
select e.id from raw.events e join {{ ref('users') }} u on u.id = e.user_id
{% if is_incremental() %} where e.at > (select max(at) from {{ this }}) {% endif %}
----
-- a query in M
-- tables: Sales.dbo.Orders, x
-- columns: Order Id = Sales.dbo.Orders.Order Id
select ""Order Id""#(lf)from Sales.dbo.Orders#(tab)o#(cr,lf)where exists (select 1 from x)
----
-- broken: the last bracket is missing
-- tables: a, b, c
-- confidence: scanned
with t as (select x from a) select x from t join b on t.id = b.id where y in (select y from c
----
-- broken: an unterminated string
-- tables: a, b
-- confidence: scanned
select x from a join b on a.id = b.id where name = 'never closed
----
-- broken: prose after the query
-- tables: shop.orders, shop.items
-- confidence: scanned
select a,, b from shop.orders o, shop.items i where o.id = i.order_id and extract(day from o.at) = 1 order order by
----
-- broken: delete target and distinct from are not read
-- tables: s
-- confidence: scanned
delete from t using s where t.id = s.id and t.a is distinct from s.b and ) (
----
-- broken statement beside a good one
-- tables: a, b
-- columns: x = b.x
-- confidence: scanned
select from from a where; select x from b
----
-- nothing
-- tables:
-- columns: 
   
----
-- only a comment
-- tables:
/* select * from t */ -- from u
----
-- an update and a delete with subqueries
-- tables: b, c
update a set x = (select max(y) from b) where id in (select id from c)
----
-- values
-- tables:
-- columns: column1; column2
values (1, 2), (3, 4)
----
-- many unions of the same table
-- tables: t
-- columns: a = t.a, t.b, t.c
select a from t union select b from t union select c from t
----
-- unqualified columns of two open tables are given to neither
-- tables: a, b
-- columns: x; y = b.y
-- reads: a (id); b (id, y)
select x, b.y from a join b on a.id = b.id
----
-- an alias hides the table's name
-- tables: s.orders
-- columns: a = s.orders.a
select o.a from s.orders o
----
-- a table of the name of a keyword
-- tables: user, s.order, value
select 1 from "user", s."order", value
----
-- brackets around everything
-- tables: a, b
((select x from (a)) union ((select y from ((b)))))
----
-- brackets of another engine
-- tables: Sales.dbo.Order Lines
-- columns: Id = Sales.dbo.Order Lines.Id
-- confidence: retried
select o.[Id] from [Sales].[dbo].[Order Lines] o
----
-- brackets of another engine in broken text
-- tables: Sales.dbo.Order Lines, c
-- confidence: scanned
select o.[Id] from [Sales].[dbo].[Order Lines] o join c on (
----
-- columns qualified by more than their table was
-- tables: db.public.orders
-- defaults: db.public
-- columns: a = db.public.orders.a; b = db.public.orders.b; c = db.public.orders.c
select orders.a, public.orders.b, db.public.orders.c from orders
----
-- a call that is never closed
-- tables: marts.fct_orders, marts.dim_products
-- confidence: scanned
select a, sum(o.amount
 from marts.fct_orders o join marts.dim_products p on
----
-- a call that is never closed, and a group by
-- tables: marts.fct_orders, marts.dim_products
-- confidence: scanned
select o.channel, sum(o.amount_euro
from marts.fct_orders as o
join marts.dim_products as p on
group by
----
-- a bracket that was never opened
-- tables: a.b, c.d
select x from a.b join c.d on a.b.id = c.d.id)
----
-- TPC-DS 2: unqualified columns through CTEs
-- tables: web_sales, catalog_sales, date_dim
-- columns: d_week_seq1 = date_dim.d_week_seq; r = catalog_sales.cs_ext_sales_price, date_dim.d_day_name, web_sales.ws_ext_sales_price
with wscs as (select sold_date_sk, sales_price from (select ws_sold_date_sk sold_date_sk, ws_ext_sales_price sales_price from web_sales union all select cs_sold_date_sk sold_date_sk, cs_ext_sales_price sales_price from catalog_sales) x), wswscs as (select d_week_seq, sum(case when (d_day_name='Sunday') then sales_price else null end) sun_sales from wscs, date_dim where d_date_sk = sold_date_sk group by d_week_seq) select d_week_seq1, round(sun_sales1/sun_sales2,2) r from (select wswscs.d_week_seq d_week_seq1, sun_sales sun_sales1 from wswscs, date_dim where date_dim.d_week_seq = wswscs.d_week_seq and d_year = 2001) y, (select wswscs.d_week_seq d_week_seq2, sun_sales sun_sales2 from wswscs, date_dim where date_dim.d_week_seq = wswscs.d_week_seq) z where d_week_seq1 = d_week_seq2 - 53
----
-- TPC-H 13: names for the columns of a subquery
-- tables: customer, orders
-- columns: c_count = orders.o_orderkey; custdist
select c_count, count(*) as custdist from (select customer.c_custkey, count(orders.o_orderkey) from customer left outer join orders on c_custkey = o_custkey and o_comment not like '%special%' group by c_custkey) as c_orders (c_custkey, c_count) group by c_count
