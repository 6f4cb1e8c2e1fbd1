-- quotes of all kinds
-- tables: a b, c d, e
select 1 from "a b", [c d], `e`
----
-- json_each in a join, indexed by
-- tables: t
select t.id, j.value from t indexed by ix, json_each(t.tags) j
----
-- attached schema and a recursive series
-- tables: aux.t
with recursive s(n) as (values (1) union all select n + 1 from s where n < 5) select s.n, t.a from s left join aux.t on t.n = s.n
