-- backticks and strings in double quotes
-- tables: my-shop.order`s, shop.orders
-- columns: a b = shop.orders.a b; c = my-shop.order`s.c
select o.`a b`, x.c from `shop`.`orders` o join `my-shop`.`order``s` x on x.id = o.id where o.kind = "from nowhere"
----
-- index hints and partitions
-- tables: a, b, c
select * from a use index (i1) join b force index for join (i2, i3) on a.id = b.id join c partition (p0, p1) ignore index (i4) on c.id = a.id
----
-- straight join, limit with a comma, user variables
-- tables: a, b
select straight_join a.x, @n := @n + 1 as n from a straight_join b on a.id = b.id order by x limit 5, 10
----
-- group_concat, interval, date functions
-- tables: t
-- reads: t (a, b, d)
select group_concat(distinct a order by b desc separator '; '), date_add(d, interval 1 day), d - interval 2 month, timestampdiff(day, d, now()), extract(year from d) from t
----
-- match against
-- tables: docs
-- reads: docs (body, id, title)
select id from docs where match(title, body) against ('x' in boolean mode)
----
-- comments of all kinds
-- tables: t
select /*! straight_join */ a # from x
from t -- from y
where b = 1 /* from z */
----
-- insert with on duplicate key
-- tables: s
-- columns: a = s.a; b = s.b
insert into t (a, b) select a, b from s on duplicate key update b = values(b) + 1
----
-- update of joined tables
-- tables: p
-- columns: price = p.amount
update items i join p on p.item_id = i.id set i.price = p.amount
----
-- delete from several tables
-- tables: gone
delete o from orders o inner join gone g on g.id = o.id
----
-- dual and session functions
-- tables:
-- columns: ?; x
select now(), 1 as x from dual
----
-- json table and operators
-- tables: docs
-- columns: n = docs.body; v = docs.body; w = docs.body
select j.n, d.body->'$.a' as v, d.body->>'$.b' as w from docs d, json_table(d.body, '$[*]' columns (n int path '$.n', nested path '$.x[*]' columns (m int path '$'))) as j
----
-- rollup, having on an alias, null safe equals
-- tables: t
-- reads: t (a, b)
select a, sum(b) as s from t group by a with rollup having s > 1 and a <=> null
----
-- recursive CTE
-- tables: cat
-- columns: id = cat.id
with recursive c as (select id, parent from cat where parent is null union all select t.id, t.parent from cat t join c on t.parent = c.id) select id from c
----
-- convert, binary, charset introducers, div and mod
-- tables: t
-- reads: t (a, b)
select convert(a using utf8mb4), binary a, _utf8'x', a div 2, a mod b, a xor b, !a from t
----
-- a derived table and a union in brackets with limits
-- tables: a, b
(select x from a order by x limit 3) union all (select x from b limit 2) limit 4
----
-- exists, any, subquery as a column
-- tables: a, b, c
select (select count(*) from b where b.a_id = a.id) n from a where a.v > any (select v from c)
----
-- lock in share mode, for update
-- tables: t
select a from t where b = 1 lock in share mode
----
-- select into a variable
-- tables: t
select max(a) into @m from t
----
-- create temporary table, then join it
-- tables: src, dim
-- columns: a = src.a; n = dim.n
create temporary table tmp (index (a)) select a, k from src; select t.a, d.n from tmp t join dim d on d.k = t.k
----
-- full group of date arithmetic in a where clause
-- tables: shop.orders
-- reads: shop.orders (created_at, id)
select id from shop.orders where created_at >= date_sub(curdate(), interval weekday(curdate()) day) and year(created_at) = 2024
----
-- the default database is the schema
-- tables: shop.orders
-- defaults: shop
select id from orders
----
-- replace into and insert set
-- tables: s
replace into t (a) select a from s; insert into u set a = 1
----
-- window functions
-- tables: t
select row_number() over w, lag(a) over w from t window w as (partition by b order by c)
----
-- odbc outer join
-- tables: a, b
select * from {oj a left outer join b on a.id = b.id}
----
-- regexp, sounds like, between, case
-- tables: t
-- reads: t (a, b)
select case a when 1 then b else null end from t where a regexp '^x' and b not like '%y%' and a between 1 and 2
