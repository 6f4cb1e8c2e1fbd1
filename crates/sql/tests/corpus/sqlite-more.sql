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
----
-- in a table
-- tables: t, ids
select a from t where b in ids
----
-- not in a table of a schema
-- tables: t, main.ids
select a from t where b not in main.ids and c = 1
----
-- is not with any operand
-- tables: t
select a from t indexed by i where b glob 'x*' and c regexp 'y' and d match 'z' and e is not f and g == 1 and h <> 2
----
-- cross join with using
-- tables: a, b
select a.i from a cross join b using (i) where (a.i, a.j) = (1, 2) and (a.i, a.j) in (select i, j from b) or exists (select 1 from b) 
