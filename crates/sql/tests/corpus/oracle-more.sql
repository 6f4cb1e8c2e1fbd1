-- model of a BI query with to_date and nvl
-- tables: DW.FACT_SALES, DW.DIM_TIME
-- reads: DW.DIM_TIME (DAY_ID, YEAR_NR); DW.FACT_SALES (AMOUNT, DAY_ID)
SELECT T.YEAR_NR, SUM(NVL(F.AMOUNT, 0)) FROM DW.FACT_SALES F, DW.DIM_TIME T WHERE F.DAY_ID = T.DAY_ID (+) AND T.DAY_ID >= TO_DATE('2024-01-01', 'YYYY-MM-DD') GROUP BY T.YEAR_NR
----
-- with several and materialize hints
-- tables: a, b
with x as (select /*+ materialize */ id from a), y as (select id from b) select x.id from x, y where x.id = y.id
----
-- first value, ratio, listagg with overflow
-- tables: t
select listagg(a, ',' on overflow truncate) within group (order by a), first_value(a ignore nulls) over (order by b) from t
----
-- interval arithmetic and extract
-- tables: t
select extract(year from d), d + numtodsinterval(1, 'DAY'), d - interval '1' month, trunc(sysdate) from t
----
-- case, decode, regexp
-- tables: t
select regexp_substr(a, '[^,]+', 1, level) from t connect by level <= regexp_count(a, ',') + 1
----
-- rownum in a nested select with order by
-- tables: t
select * from (select a, rownum r from (select a from t order by a) where rownum < 10) where r > 5
----
-- union all in a view
-- tables: a, b
create or replace force view v as select x from a union all select x from b
----
-- a quoted schema with a dollar and a hash
-- tables: SYS.V_$SESSION, emp#1
select 1 from SYS.V_$SESSION, emp#1
----
-- update with a correlated subquery
-- tables: s
update t set (a, b) = (select s.a, s.b from s where s.id = t.id) where exists (select 1 from s where s.id = t.id)
----
-- delete with rowid
-- tables: t
delete from t where rowid not in (select min(rowid) from t group by a)
----
-- lateral and json dot notation
-- tables: docs
-- columns: n = docs.body
select d.body.customer.name as n from docs d
----
-- pivot xml is scanned at worst, pivot with several aggregates is not
-- tables: sales
select * from sales pivot (sum(amount) as total, count(*) as n for quarter in (1 as q1, 2 as q2))
----
-- match_recognize
-- tables: ticks
select * from ticks match_recognize (partition by symbol order by ts measures strt.ts as start_ts pattern (strt down+) define down as down.price < prev(down.price)) m
----
-- cross join, full outer join, using
-- tables: a, b, c
select id from a cross join b full outer join c using (id)
----
-- xml functions
-- tables: t
select xmlagg(xmlelement(e, a || ',')).extract('//text()') from t
----
-- order by nulls last, fetch percent
-- tables: t
select a from t order by b desc nulls last fetch first 10 percent rows only
----
-- the minus of joins
-- tables: a, b
(select x from a minus select x from b) union all (select x from b minus select x from a)
----
-- a subquery with a check option
-- tables: s
insert into (select a from t where b = 1 with check option) select a from s
----
-- bind variables
-- tables: t
select a from t where b = :b1 and c between :from_date and :to_date
----
-- a partition by a value
-- tables: t
select * from t partition for (date '2024-01-01') x
----
-- pivot: a named aggregate names the column too
-- tables: sales
-- columns: region = sales.region; Q1_tot = sales.amt; Q2_tot = sales.amt
select * from (select region, q, amt from sales) pivot (sum(amt) as tot for q in ('1' as Q1, '2' as Q2))
----
-- pivot xml
-- tables: t
select * from t pivot xml (sum(a) for b in (any))
----
-- model
-- tables: t
select * from t model partition by (a) dimension by (b) measures (c m) rules upsert sequential order (m[1] = m[2] + 1, m[for b in (1,2)] = 0)
----
-- versions between
-- tables: t
select * from t versions between scn minvalue and maxvalue where versions_operation = 'U'
----
-- merge with an error log
-- tables: s
merge into t using (select a, b from s where rownum < 10) s on (t.a = s.a) when matched then update set t.b = s.b where s.b > 0 delete where t.b = 0 when not matched then insert (a, b) values (s.a, s.b) where s.b is not null log errors into err
----
-- member of, is not empty
-- tables: t
select a from t where regexp_like(b, 'x', 'i') and c member of d and e is not empty
----
-- for update wait
-- tables: t
select a from t for update of a wait 5
----
-- search and cycle of a CTE without the word recursive
-- tables: t
-- columns: a = t.a; p = t.a, t.b
with c (a, p) as (select a, b from t where b is null union all select t.a, c.p || t.a from t join c on t.b = c.a) search depth first by a set o cycle a set cyc to 1 default 0 select a, p from c
----
-- a partition with a sample and an alias
-- tables: t
select a from t partition (p1) sample block (10) seed (1) x
----
-- a partitioned outer join
-- tables: a, b
select a.x from a left outer join b partition by (b.k) on a.id = b.id
----
-- explain plan for
-- tables: t
explain plan for select a from t
----
-- any over a list
-- tables: t
select a from t where (b, c) in (('x', 'y'), ('z', 'w')) and d = any (1, 2) and e <> all (select f from t) and g ^= 1 and h != 2
----
-- variables of SQL*Plus
-- tables: t
select * from t where a = &x and b = '&&y' and c = :1
----
-- prior in the select list
-- tables: emp
-- columns: ENAME = emp.ENAME; LVL; BOSS = emp.ENAME
select ENAME, level as LVL, prior ENAME as BOSS from emp connect by prior empno = mgr
