-- dual and pseudo columns
-- tables:
select sysdate, user, rownum, level from dual
----
-- outer join operator
-- tables: hr.dept, hr.emp
-- reads: hr.dept (dept_id, name); hr.emp (dept_id, id)
select e.id, d.name from hr.emp e, hr.dept d where e.dept_id = d.dept_id (+)
----
-- connect by
-- tables: emp
-- reads: emp (id, mgr, name)
select lpad(' ', level * 2) || name, connect_by_root name, sys_connect_by_path(name, '/') from emp start with mgr is null connect by nocycle prior id = mgr order siblings by name
----
-- minus
-- tables: a, b
select x from a minus select x from b
----
-- keep, listagg, within group
-- tables: t
-- reads: t (a, b, c)
select max(a) keep (dense_rank last order by b), listagg(c, ',') within group (order by c) from t
----
-- quoted names and folding
-- tables: HR.Emp, hr.emp
select 1 from "HR"."Emp" a, hr.emp b, HR.EMP c
----
-- flashback, partition and sample
-- tables: a, b, c
select * from a as of timestamp (systimestamp - interval '10' minute) x, b partition (p1) y, c sample (5) z
----
-- a database link
-- tables: sales.orders, t
select * from sales.orders@remote.example.com o join t on t.id = o.id
----
-- table of a collection
-- tables: orders
-- columns: id = orders.id; n = orders.items
select o.id, i.n from orders o, table(o.items) i
----
-- alternative quoting
-- tables: t
select q'[it's from x]', nq'{from y}', N'from z' from t
----
-- pivot
-- tables: sales
select * from (select region, product, amount from sales) pivot (sum(amount) for product in ('A' as a, 'B' as b))
----
-- unpivot with nulls
-- tables: wide
select * from wide unpivot include nulls (v for k in (a, b))
----
-- rownum paging
-- tables: orders
-- reads: orders (id, total)
select * from (select t.*, rownum rn from (select id from orders order by total desc) t where rownum <= 20) where rn > 10
----
-- fetch first
-- tables: t
select a from t order by b offset 5 rows fetch next 10 rows only
----
-- with function like hints and decode
-- tables: t
-- reads: t (a, b, d)
select /*+ full(t) */ decode(a, 1, 'x', b), nvl2(a, b, 0), trunc(d, 'MM'), to_char(d, 'YYYY'), months_between(sysdate, d) from t
----
-- multiset and xmltable
-- tables: docs
-- columns: v = docs.body
select x.v from docs d, xmltable('/a/b' passing d.body columns v varchar2(10) path '@v') x
----
-- json table
-- tables: docs
select j.n from docs d, json_table(d.body, '$' columns (n number path '$.n')) j
----
-- merge
-- tables: src
merge into dst d using (select id, v from src) s on (d.id = s.id) when matched then update set d.v = s.v delete where s.v is null when not matched then insert (id, v) values (s.id, s.v)
----
-- recursive subquery factoring
-- tables: emp
-- columns: id = emp.id
with t (id, mgr) as (select id, mgr from emp where mgr is null union all select e.id, e.mgr from emp e join t on e.mgr = t.id) select id from t
----
-- nested table names in analytic functions
-- tables: t
select sum(a) over (partition by b order by c range between unbounded preceding and current row), ratio_to_report(a) over (partition by b) from t
----
-- insert all
-- tables: s
-- confidence: retried
insert all into t1 (a) values (x) into t2 (b) values (y) select x, y from s
----
-- in with tuples and dates
-- tables: a, b
select x from a where (x, y) in (select x, y from b) and d >= date '2024-01-01' and ts < timestamp '2024-01-01 00:00:00' + interval '1' day
----
-- anonymous block with a cursor
-- tables: t
-- confidence: scanned
begin for r in (select a from t) loop dbms_output.put_line(r.a); end loop; end;
----
-- default schema
-- tables: orcl.hr.emp
-- defaults: orcl.hr
select id from emp
----
-- cross apply and lateral
-- tables: a, b
select a.x, v.y from a cross apply (select b.y from b where b.id = a.id) v
