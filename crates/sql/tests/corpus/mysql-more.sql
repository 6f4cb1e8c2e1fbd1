-- variables, if, ifnull, date_format
-- tables: shop.orders
-- reads: shop.orders (created_at, id, total)
select date_format(created_at, '%Y-%m') as m, if(total > 10, 'x', 'y'), ifnull(total, 0), count(distinct id) from shop.orders group by m
----
-- a subquery in a join and an alias without as
-- tables: a, b
select x.n from a inner join (select id, count(*) n from b group by id) x on x.id = a.id
----
-- nested joins and natural left join
-- tables: a, b, c
select 1 from (a natural left join b) left join (c) on a.id = c.id
----
-- comma joins with a join
-- tables: a, b, c
select * from (a, b) left join c on a.id = c.id and b.id = c.id
----
-- union in a derived table with limit
-- tables: a, b
select * from ((select x from a limit 1) union (select x from b)) as u
----
-- json arrow and member of
-- tables: t
select a->'$.x', a->>"$.y", 'v' member of (a->'$.z'), json_contains(a, '1') from t
----
-- full text with query expansion, binary compare, escape
-- tables: t
select * from t where match (a, b) against ('x' with query expansion) or binary c = 'x' or d like 'x|%' escape '|'
----
-- substring index, concat_ws, timestampdiff
-- tables: t
select substring_index(a, ',', 1), concat_ws('-', a, b), timestampdiff(month, c, now()), str_to_date(d, '%d.%m.%Y') from t
----
-- with and update
-- tables: src
with c as (select id, v from src) update t join c on c.id = t.id set t.v = c.v
----
-- insert select with a join and ignore
-- tables: a, b
insert ignore into t (x, y) select a.x, b.y from a join b on a.id = b.id
----
-- create view with definer
-- tables: t
create definer=`root`@`localhost` sql security definer view v as select a from t
----
-- delete with using and several targets
-- tables: c
delete a, b from a inner join b on a.id = b.id inner join c on c.id = b.id where c.x = 1
----
-- hex, bit, charset and scientific literals
-- tables: t
select 0xAF, x'4D', b'01', 1e3, N'x', 'a' 'b' from t
----
-- group by with having and order by nulls
-- tables: t
select a, group_concat(b) from t group by a having count(*) > 1 order by isnull(a), a
----
-- partition, window frames, lateral
-- tables: a, b
select a.x, l.y from a partition (p1), lateral (select b.y from b where b.id = a.id limit 1) as l
----
-- explain and describe
-- tables: t
explain select a from t
----
-- for share
-- tables: t
select a from t where b = 1 for share skip locked
----
-- a comment with a version
-- tables: t
select /*+ max_execution_time(1000) */ a from t
----
-- straight join in brackets and odd quotes
-- tables: my db.my-table
select t.`a``b` from `my db`.`my-table` t
----
-- names in double quotes, as in ANSI mode
-- tables: shop.orders
-- columns: id = shop.orders.id
-- confidence: retried
select o."id" from "shop"."orders" o
----
-- an update of a list of tables
-- tables: b
-- columns: x = b.x
update a, b set a.x = b.x where a.id = b.id
----
-- into outfile
-- tables: t
select a into outfile '/tmp/x' fields terminated by ',' from t
----
-- into a variable
-- tables: t
select a from t into @x
----
-- word operators
-- tables: t
select a div b, a mod b, a xor b, not a, !a, a && b, a || b, a is true, a sounds like b, b rlike 'x' from t
