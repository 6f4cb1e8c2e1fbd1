-- a medallion query with qualify and struct access
-- tables: prod.bronze.events
-- columns: user_id = prod.bronze.events.user; n = prod.bronze.events.items
select user.id as user_id, size(items) as n from prod.bronze.events qualify row_number() over (partition by user.id order by _ingested desc) = 1
----
-- json path, try_variant and parse
-- tables: s.t
-- columns: a = s.t.j; b = s.t.j
select get_json_object(j, '$.a.b') as a, from_json(j, 'a int, b string').b as b from s.t
----
-- lateral flatten of the newer kind
-- tables: s.t
-- columns: id = s.t.id; col = s.t.items
select t.id, e.col from s.t t, lateral explode(t.items) as e(col)
----
-- table valued functions and changes feed
-- tables: s.t
select * from table_changes('s.t', 1, 5) c join s.t on t.id = c.id
----
-- sequence and dates
-- tables: s.t
-- columns: d; id = s.t.id
select cal.d, t.id from (select explode(sequence(date'2024-01-01', date'2024-12-31', interval 1 day)) as d) cal left join s.t t on t.day = cal.d
----
-- window, percentile, mode and any_value
-- tables: s.t
select percentile_cont(0.5) within group (order by a), mode(b), any_value(c), max_by(a, b) from s.t
----
-- insert into partition and by name
-- tables: s.src
insert into table s.dst partition (day) select * from s.src
----
-- replace where
-- tables: s.src
insert into s.dst replace where day = '2024-01-01' select * from s.src
----
-- create or refresh streaming table
-- tables: s.src
create or refresh streaming table s.dst as select * from stream s.src
----
-- group by cube, grouping_id, filter
-- tables: s.t
select a, b, grouping_id(a, b), count(*) filter (where c) from s.t group by cube (a, b)
----
-- backticked alias, raw strings, in lists
-- tables: cat.s.t
select a as `my col`, r'\d+' from cat.s.t where b in ('x', 'y') and c rlike r'^\w'
----
-- except all, minus all, nested CTE
-- tables: s.a, s.b
with x as (with y as (select a from s.a) select a from y) select a from x except all select a from s.b
----
-- pivot with several aggregates
-- tables: s.t
select * from (select a, b, c from s.t) pivot (sum(c) as s, avg(c) as m for b in ('x' as x, 'y' as y))
----
-- struct expressions and map access
-- tables: s.t
-- columns: x = s.t.m; y = s.t.a; z = s.t.st
select m['k'] as x, struct(a as v).v as y, st.f1.f2 as z from s.t
----
-- exists in a join and a correlated scalar
-- tables: s.a, s.b, s.c
select a.id, (select max(c.v) from s.c c where c.id = a.id) from s.a a join s.b b on a.id = b.id and exists(b.arr, x -> x = a.k)
----
-- cast operators and try_cast, null safe equals, between
-- tables: s.t
select a::int, try_cast(b as date), c <=> d, e between 1 and 2, !f, ~g, h % 2 from s.t
----
-- a version after an at sign
-- tables: a.b.c
-- columns: x = a.b.c.x
select x from a.b.c@v12
----
-- a join with a file after a lateral view
-- tables: c.s.t
select t.id, d.x from c.s.t t lateral view explode(t.arr) e as v join delta.`/mnt/x` d on d.id = t.id
----
-- merge with schema evolution
-- tables: s
merge with schema evolution into t using s on t.id = s.id when matched and s.x then update set * when not matched then insert * when not matched by source then delete
----
-- variables in braces
-- tables: t
select a from t where b = :param and c = ${var} and d = {{ p }}
----
-- lambdas and a cast that may fail
-- tables: t
select transform(arr, x -> x + 1), aggregate(arr, 0, (acc, x) -> acc + x), filter(arr, (x, i) -> i > 0), a ?:: int from t
----
-- table_changes names a table
-- tables: t
select * from table_changes('t', 2, 5)
----
-- a table argument with its partitions
-- tables: t
select * from my_func(table(t) partition by a order by b)
