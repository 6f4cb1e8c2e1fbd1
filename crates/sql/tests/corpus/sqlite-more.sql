-- group_concat, strftime, cast, ifnull
-- tables: t
select strftime('%Y-%m', d), group_concat(a, ', '), cast(b as real), ifnull(c, 0), a || b, a -> '$.x', printf('%d', b) from t
----
-- a recursive series
-- tables: t
with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select n.i, t.a from n left join t on t.id = n.i
----
-- virtual tables and rowid
-- tables: docs
select rowid, snippet(docs, 0, '<b>', '</b>', '...', 10) from docs where docs match 'x'
----
-- insert from values and returning
-- tables: s
insert into t select * from s where true returning id
----
-- json_each with a path and json_tree
-- tables: t
select j.key, k.value from t, json_each(t.a, '$.x') as j, json_tree(t.b) as k
----
-- replace, materialized CTE
-- tables: s
with x as materialized (select a from s) replace into t select a from x
----
-- except, intersect
-- tables: a, b, c
select x from a except select x from b intersect select x from c
----
-- strings in double quotes as names
-- tables: t
select "a", 'b' as "c" from t where "d" = 'x' order by "c" collate nocase
