-- a link with a domain and an alias, beside a local table
-- tables: HR.EMP, FIN.LEDGER
select e.ID, l.AMT from HR.EMP e, FIN.LEDGER@FINDB.WORLD l where l.EMP_ID = e.ID(+)
----
-- a link on a quoted name
-- tables: Fin.Ledger
select x from "Fin"."Ledger"@"prod_link"
----
-- as of timestamp with a parameter of Tableau
-- tables: t
-- reads: t (a)
select t.a from t as of timestamp to_timestamp(<[Parameters].[When]>, 'YYYY-MM-DD')
----
-- a pipelined function and a collection
-- tables: dept
select d.id, f.column_value from dept d, table(pkg.split(d.list)) f
----
-- with function
-- tables: t
with function f(x number) return number is begin return x + 1; end; select f(a) from t
----
-- hierarchy over a join
-- tables: emp, dept
select e.name, d.name from emp e join dept d on d.id = e.dept_id start with e.mgr is null connect by prior e.id = e.mgr
----
-- a double quoted name with a quote in it
-- tables: A"B.C
select 1 from "A""B"."C"
----
-- keep dense_rank with an outer join of two columns
-- tables: a, b
select max(b.v) keep (dense_rank first order by b.d desc) from a, b where a.k = b.k (+) and b.t (+) = 'X'
----
-- unpivot, aliased, joined
-- tables: w, k
-- columns: name = k.name; v = w.m1, w.m2
select k.name, u.v from (select id, m1, m2 from w) unpivot (v for m in (m1 as 1, m2 as 2)) u join k on k.m = u.m
----
-- select of a sequence and dual in a union
-- tables: t
select seq.nextval, 'a' from dual union all select id, name from t
----
-- multiset in a table expression
-- tables: b, a
select a.id, x.v from a, lateral (select max(v) as v from b where b.aid = a.id) x
----
-- a schema of a view with a synonym and an inline view with check
-- tables: apps.ra_customer_trx_all, apps.hz_parties
select trx.trx_number, (select p.party_name from apps.hz_parties p where p.party_id = trx.bill_to) cust from apps.ra_customer_trx_all trx where trx.creation_date >= trunc(sysdate, 'YYYY') and rownum <= 100
----
-- initial SQL: a block, then nothing
-- tables:
begin dbms_session.set_identifier('x'); end;
----
-- alter session, then a query
-- tables: t
alter session set nls_date_format = 'YYYY-MM-DD'; select a from t
----
-- xmltable chained
-- tables: docs
select y.q from docs d, xmltable('/o' passing d.body columns items xmltype path 'i') x, xmltable('/i' passing x.items columns q number path '@q') y
----
-- json_table with nested columns in a left join
-- tables: docs
select d.id, j.sku from docs d left join json_table(d.body, '$.items[*]' columns (sku varchar2(20) path '$.sku', nested path '$.tags[*]' columns (tag varchar2(10) path '$'))) j on 1 = 1
----
-- exists in a case with a join by the old syntax
-- tables: a, b, c
select case when exists (select null from b where b.id = a.id) then 'Y' else 'N' end f from a, c where a.k = c.k
----
-- global temporary table made here
-- tables: src
create global temporary table gtt on commit preserve rows as select a from src; select a from gtt
----
-- quoted aliases with a dot
-- tables: s.t
-- columns: Total. Sum = s.t.v
select sum("x.y".v) as "Total. Sum" from s.t "x.y"
----
-- match_recognize with an alias and partition
-- tables: px
select m.sym, m.lo from px match_recognize (partition by sym order by ts measures last(dn.p) as lo all rows per match pattern (st dn*) define dn as dn.p < prev(dn.p)) m where m.lo > 1
----
-- a link without quotes after a quoted name, and the other way
-- tables: Fin.Ledger, FIN.BOOKS
select 1 from "Fin"."Ledger"@lnk.world a, FIN.BOOKS@"Lnk" b
----
-- a sample and a partition of a schema's table
-- tables: s.t, s.u
select 1 from s.t partition (p2024) x, s.u subpartition (p1) sample (5) y
----
-- rowid behind a name
-- tables: s.t
-- reads: s.t (a)
select t.rowid, t.a from s.t t
----
-- a comment hint with names and a quote
-- tables: s.t
select /*+ leading(t u) index(t ix) don't */ a from s.t t
----
-- q quotes around SQL
-- tables: s.t
select q'!select x from a.b where c = 'd'!' as q from s.t
----
-- containers, a multiset and a cursor
-- tables: hr.c, s.m, s.t
select c.x, cursor(select y from s.m where m.id = c.id) q from containers(hr.c) c, table(cast(multiset(select v from s.t) as v_tab)) z
----
-- a subquery passed to xmltable
-- tables: docs
select x.v from xmltable('/a' passing (select body from docs where rownum = 1) columns v number path '@v') x
