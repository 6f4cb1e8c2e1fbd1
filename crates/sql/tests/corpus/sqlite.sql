-- all four kinds of quotes
-- tables: a b, c d, e f, g
-- columns: x y = a b.x y
select "a b"."x y" from "a b", [c d], `e f`, g
----
-- index hints
-- tables: a, b
select 1 from a indexed by ix_a join b not indexed on a.id = b.id
----
-- glob, isnull, double equals
-- tables: t
select a from t where b glob '*x*' and c isnull and d notnull and e == 1
----
-- json_each
-- tables: t
-- columns: id = t.id; value = t.tags
select t.id, j.value from t, json_each(t.tags) j
----
-- attached databases
-- tables: main.t, other.u
select * from main.t join other.u on t.id = u.id
----
-- insert or replace
-- tables: s
insert or replace into t (a) select a from s
----
-- recursion without the word
-- tables: t
-- columns: id = t.id
with c as (select id, p from t where p is null union all select t.id, t.p from t join c on t.p = c.id) select id from c
----
-- upsert
-- tables: s
insert into t (a, b) select a, b from s where true on conflict (a) do update set b = excluded.b
----
-- window functions and filter
-- tables: t
select sum(a) filter (where b > 1) over (partition by c order by d groups between 1 preceding and current row) from t
----
-- limit with a comma, compound select
-- tables: a, b
select x from a union select x from b order by 1 limit 5, 10
----
-- create temp table as
-- tables: s
-- columns: a = s.a
create temp table x as select a from s; select a from x
----
-- natural join, using, cross join
-- tables: a, b, c
select 1 from a natural join b join c using (id)
----
-- aliases in where
-- tables: t
-- reads: t (a)
select a + 1 as n from t where n > 1
----
-- a value list in a CTE
-- tables: t
with v(a) as (values (1), (2)) select v.a, t.b from v join t on t.a = v.a
----
-- update from
-- tables: s
update t set a = s.a from s where s.id = t.id
----
-- pragma reads nothing
-- tables: t
pragma foreign_keys = on; select a from t
----
-- row values, exists, like escape
-- tables: a, b
select x from a where (x, y) = (select x, y from b limit 1) and z like '%!%%' escape '!'
