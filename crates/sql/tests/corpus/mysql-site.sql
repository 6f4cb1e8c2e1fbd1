-- a database with a dash and a table with a backtick
-- tables: my-shop.ord`ers
select o.`id` from `my-shop`.`ord``ers` o
----
-- a procedure, then a query on what it left
-- tables: shop.items
call build_tmp(2024); select i.name from shop.items i
----
-- temporary table in initial SQL, joined twice
-- tables: shop.orders
-- columns: id = shop.orders.id
drop temporary table if exists tmp_o; create temporary table tmp_o engine=memory select id, total from shop.orders; select a.id from tmp_o a join tmp_o b on a.id = b.id
----
-- user variables in a derived table
-- tables: t
select @r := @r + 1 as rn, x.a from (select a from t order by b) x, (select @r := 0) init
----
-- lateral, recursive, values row
-- tables: cat, t
with recursive c (id) as (select id from cat where p is null union all select k.id from cat k join c on k.p = c.id) select c.id, l.m, v.column_0 from c, lateral (select max(m) m from t where t.cid = c.id) l, (values row(1, 2)) v
----
-- comments in all forms with names
-- tables: a, c
select 1 -- from x
from a # join b
/* join d */ join c using (id) /*!80000 */
----
-- update join, delete join and insert with on duplicate in a script
-- tables: b, c, s
update a join b using (id) set a.x = b.x; delete a from a left join c on c.id = a.id where c.id is null; insert into a (id) select id from s on duplicate key update id = values(id)
----
-- a view's name qualified by a column's table
-- tables: crm.accounts, crm.users
select accounts.name, crm.users.email from crm.accounts inner join crm.users on crm.users.id = accounts.owner_id
----
-- straight_join, force index and limit
-- tables: a, b
select straight_join a.x from a force index for order by (ix) straight_join b use index (iy) on a.id = b.id limit 10 offset 5
----
-- table statement and exists
-- tables: t, u
table t order by a limit 3; select 1 where exists (table u)
----
-- handler, show, and a query
-- tables: d.t
show full columns from d.u; select a from d.t
----
-- a wildcard delete and a session variable
-- tables: d.t
set @from := '2024-01-01', @to = now(); select a from d.t where d between @from and @to
----
-- a select with a procedure, a lock and a high priority
-- tables: d.t
select high_priority sql_calc_found_rows a from d.t where b in (1, 2) limit 3 for update
