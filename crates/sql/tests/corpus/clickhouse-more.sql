-- funnels and dates
-- tables: db.events
-- reads: db.events (event, ts, user_id)
select toStartOfWeek(ts, 1) as w, uniqExactIf(user_id, event = 'x') as u, windowFunnel(3600)(ts, event = 'a', event = 'b') from db.events where ts >= now() - interval 7 day group by w order by w
----
-- subquery joins with settings
-- tables: a, b
select l.id from (select id from a) as l all inner join (select id from b) as r using id settings join_use_nulls = 1
----
-- join with a tuple in using
-- tables: a, b
select * from a join b using (x, y)
----
-- array functions and lambdas with several arguments
-- tables: t
-- columns: x = t.xs, t.ys; y = t.xs
select arrayMap((a, b) -> a + b, xs, ys) as x, arrayFilter(v -> v > 1, xs) as y from t
----
-- arrayJoin in the select list
-- tables: t
-- columns: tag = t.tags
select arrayJoin(tags) as tag from t
----
-- group by with rollup, limit with ties
-- tables: t
select a, count() from t group by a with rollup order by a limit 3 with ties
----
-- nested columns and backticks
-- tables: db.t
-- columns: k = db.t.props; odd name = db.t.odd name
select props.key as k, `odd name` from db.t
----
-- with several tables and an expression
-- tables: t, u
with toDate('2024-01-01') as d0, x as (select id from t where day >= d0) select x.id from x join u on u.id = x.id
----
-- case expressions, multiIf, in with a tuple
-- tables: t
select multiIf(a > 1, 'x', a > 0, 'y', 'z'), case when b then 1 end from t where (a, b) in ((1, 2), (3, 4))
----
-- insert with format is no reading
-- tables:
insert into t (a, b) values (1, 'x')
----
-- replacing merge tree with final and an alias
-- tables: db.t
select x.a from db.t as x final where x.b = 1
----
-- union distinct and intersect
-- tables: a, b
select x from a union distinct select x from b
----
-- create table with engine
-- tables: src
create table db.dst engine = MergeTree order by a as select a from src
----
-- date diffs with strings and dictGet with a tuple
-- tables: t
select dateDiff('day', a, b), dictGetOrDefault('d', 'n', tuple(a), '') from t
----
-- global any left join
-- tables: a, b
select 1 from a global any left join b on a.id = b.id
----
-- a ternary operator
-- tables: t
select a ? b : c from t
----
-- limit by alone, offset
-- tables: t
select a, b from t order by a limit 1 by a
----
-- view function and merge function
-- tables: a
select * from view(select x from a)
----
-- quoted with double quotes
-- tables: db.t
select "a b" from "db"."t"
----
-- prewhere with in subquery
-- tables: t, u
select a from t prewhere b in (select b from u) where c
----
-- asof join with using
-- tables: a, b
select 1 from a asof join b using (k, ts)
----
-- a group by alias of a function and having
-- tables: t
select toYYYYMM(d) as m, sum(v) as s from t group by m having s > 1 order by m desc
----
-- a ternary operator with a name
-- tables: db.t
select a ? b : c as x from db.t
----
-- semi and anti before the side
-- tables: a, b
select * from a semi left join b on a.id = b.id anti left join b as c on c.id = a.id
----
-- apply
-- tables: t
select * except (a, b) replace (c + 1 as c) apply(sum), columns('^m_') apply(x -> x + 1) from t
----
-- cluster names a table
-- tables: db.t
select * from cluster('c', db.t)
----
-- cluster names a table in strings
-- tables: db.t
select * from cluster('c', 'db', 't') 
----
-- in a table
-- tables: t, ids
select a from t where id in ids
----
-- into outfile
-- tables: t
select a from t into outfile 'x' format CSV
----
-- explain syntax
-- tables: t
explain syntax select a from t
