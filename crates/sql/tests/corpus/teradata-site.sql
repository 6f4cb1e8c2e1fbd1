-- a macro is run, a lock, then a report
-- tables: dw.f, dw.d
exec dw.refresh_macro(2024); locking row for access sel f.a, d.b from dw.f f left join dw.d d on d.k = f.k qualify rank() over (order by f.a) = 1
----
-- volatile tables that build on each other
-- tables: dw.src, dw.dim
-- columns: n = dw.dim.n
create volatile table v1 as (sel a from dw.src) with data on commit preserve rows;
create volatile table v2 as (sel v1.a, d.n from v1 join dw.dim d on d.a = v1.a) with data no primary index on commit preserve rows;
sel n from v2;
----
-- expand on
-- tables: dw.p
-- confidence: scanned
select id, begin(pd) from dw.p expand on valid as pd by anchor month_begin
----
-- unpivot and td functions
-- tables: dw.w
-- confidence: scanned
select * from td_unpivot(on (select * from dw.w) using value_columns('v') unpivot_column('m') column_list('jan', 'feb')) x
----
-- as of and a derived period
-- tables: dw.h
select a from dw.h for system_time as of timestamp '2024-01-01 00:00:00'
----
-- named, casts and like any in a case
-- tables: dw.t
sel a (named x), b (decimal(18,2)), case when c like any ('%x%', '%y%') then 1 end from dw.t where d between date '2024-01-01' and current_date group by 1, 2, 3
----
-- help, show and set before a query
-- tables: dw.t
set query_band = 'App=Tableau;' for session; help table dw.u; sel a from dw.t
----
-- old outer joins, a derived table with columns, a percent
-- tables: dw.a, dw.b
sel x.n, x.p from (sel a.k, sum(b.v) from dw.a a left outer join dw.b b on a.k = b.k group by 1) x (n, p) where x.p > 10
