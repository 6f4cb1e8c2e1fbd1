-- a full report
-- tables: dw.d_customer, dw.f_sales
LOCKING ROW FOR ACCESS
SELECT c.cust_id (TITLE 'Customer'), SUM(s.amt) (FORMAT 'ZZZ9.99') AS total
FROM dw.f_sales s INNER JOIN dw.d_customer c ON s.cust_id = c.cust_id
WHERE s.sale_dt BETWEEN DATE - 30 AND DATE AND c.status NOT IN ('X', 'Y')
GROUP BY 1 QUALIFY RANK() OVER (ORDER BY total DESC) <= 10
----
-- several locks
-- tables: dw.a, dw.b
locking table dw.a for access locking table dw.b for access sel a.x from dw.a, dw.b where a.id = b.id
----
-- a view with a lock
-- tables: dw.t
replace view dw.v as locking row for access sel a from dw.t
----
-- volatile table with options
-- tables: dw.src
-- columns: a = dw.src.a
create multiset volatile table vt, no log as (sel a from dw.src) with data on commit preserve rows; sel a from vt
----
-- casts of the short kind and substr
-- tables: dw.t
sel substr(a, 1, 3), trim(trailing from b), a || b, cast(c as char(10)), oreplace(a, 'x', 'y'), index(a, 'x') from dw.t
----
-- interval and period functions
-- tables: dw.t
sel begin(p), end(p), d - date '2024-01-01', (d2 - d1) day(4), current_timestamp(0) from dw.t
----
-- cumulative windows and reset when
-- tables: dw.t
sel sum(a) over (partition by b order by c rows unbounded preceding) from dw.t
----
-- nested derived tables and a join with brackets
-- tables: dw.a, dw.b, dw.c
sel x.n from (sel a.n from (dw.a a inner join dw.b b on a.id = b.id) left join dw.c c on c.id = a.id) x
----
-- top with percent and ties
-- tables: dw.t
sel top 5 percent with ties a from dw.t order by a
----
-- not like all, not equals
-- tables: dw.t
sel a from dw.t where b not like all ('%x%', '%y%') and c ^= 1 and d <> 2
----
-- exists with sel
-- tables: dw.a, dw.b
sel a from dw.a where exists (sel 1 from dw.b where b.id = a.id)
