-- from first
-- tables: main.orders
-- columns: id = main.orders.id
from main.orders select id where total > 1
----
-- from alone
-- tables: t
-- columns: * = t.*
from t
----
-- files and table functions
-- tables: t
select * from 'data/*.parquet' p, read_csv('x.csv', header = true) c, read_parquet(['a', 'b']) r, t
----
-- pivot as a statement
-- tables: sales
pivot sales on quarter using sum(amount) group by region
----
-- unpivot as a statement
-- tables: wide
unpivot wide on a, b into name k value v
----
-- exclude, replace, columns
-- tables: t
-- columns: * = t.*; b = t.b
select * exclude (a) replace (b + 1 as b) from t
----
-- group by all, order by all, qualify
-- tables: t
select a, count(*) from t group by all qualify row_number() over (order by a) = 1 order by all
----
-- positional and asof joins
-- tables: a, b, c
select 1 from a positional join b asof join c on a.t >= c.t
----
-- semi and anti joins
-- tables: a, b, c
select a.x from a semi join b using (id) anti join c using (id)
----
-- union by name
-- tables: a, b
-- columns: x = a.x, b.x; y = a.y, b.y
select x, y from a union all by name select y, x from b
----
-- using sample
-- tables: t
select a from t using sample 10%
----
-- struct, list and map literals
-- tables: t
-- columns: s = t.a; l = t.a, t.b; e = t.xs
select {'k': a} as s, [a, b] as l, xs[1] as e from t
----
-- lambdas
-- tables: t
-- columns: x = t.xs
select list_transform(xs, x -> x + 1) as x from t
----
-- prefix aliases
-- tables: t
-- columns: x = t.a
select a as x from t
----
-- summarize and describe
-- tables: t
summarize t
----
-- lateral joins without the word
-- tables: a, b
select a.x, l.y from a, (select y from b where b.id = a.id) l
----
-- catalogs
-- tables: db.main.t, other.t
select * from db.main.t, other.t
----
-- create table as and read
-- tables: src
-- columns: a = src.a
create or replace table x as from src; select a from x
----
-- unnest
-- tables: t
-- columns: u = t.xs
select unnest(xs) as u from t
----
-- case insensitive, also in quotes
-- tables: Orders
select 1 from Orders, "ORDERS" x
----
-- insert by name
-- tables: src
insert into dst by name select a, b from src
----
-- copy of a query to a file
-- tables: t
copy (select a from t) to 'x.parquet' (format parquet)
----
-- values and a table macro
-- tables: t
select v.a, t.b from (values (1)) v(a), t, my_macro(1) m
----
-- try_cast, ifnull, integer division
-- tables: t
-- reads: t (a, b)
select try_cast(a as int), a // 2, b ** 2, ifnull(a, b) from t
