-- sel and a lock
-- tables: dw.orders
-- columns: id = dw.orders.id
locking row for access sel id from dw.orders
----
-- locking a table
-- tables: dw.orders
locking table dw.orders for access select id from dw.orders where d = date
----
-- qualify
-- tables: dw.orders
-- reads: dw.orders (at, cust, id)
select id from dw.orders qualify row_number() over (partition by cust order by at desc) = 1
----
-- top and sample
-- tables: dw.t
select top 10 a from dw.t sample 100
----
-- word operators
-- tables: dw.t
-- reads: dw.t (a, b, c)
sel a from dw.t where a eq 1 and b ne 2 and c ge a mod 3
----
-- format and title phrases
-- tables: dw.t
-- reads: dw.t (a, d)
sel d (format 'yyyy-mm-dd') (title 'Day'), a (not casespecific), a (named b) from dw.t
----
-- minus
-- tables: dw.a, dw.b
sel x from dw.a minus sel x from dw.b
----
-- volatile table, then read
-- tables: dw.src
-- columns: a = dw.src.a
create volatile table v as (select a from dw.src) with data primary index (a) on commit preserve rows; sel a from v
----
-- alias used in the select list and where
-- tables: dw.t
-- columns: x = dw.t.a; y = dw.t.a
-- reads: dw.t (a)
sel a + 1 as x, x * 2 as y from dw.t where y > 3
----
-- date arithmetic and casts
-- tables: dw.t
-- reads: dw.t (a, d)
sel cast(d as date format 'YYYY-MM-DD'), add_months(d, -1), d - interval '1' month, extract(year from d), zeroifnull(a), a ** 2 from dw.t
----
-- derived tables and a subquery with all
-- tables: dw.a, dw.b
select x.n from (sel count(*) as n from dw.a) x where x.n >= all (sel n from dw.b)
----
-- recursive
-- tables: dw.e
with recursive r (id, p) as (select id, p from dw.e where p is null union all select e.id, e.p from dw.e e, r where e.p = r.id) select id from r
----
-- ordered analytics of the old kind
-- tables: dw.t
-- reads: dw.t (a, b)
select rank(a desc), csum(b, a) from dw.t
----
-- the default database is the schema
-- tables: dw.orders
-- defaults: dw
sel id from orders
----
-- insert select
-- tables: dw.src
-- columns: a = dw.src.a
insert into dw.dst (a) sel a from dw.src
----
-- update from
-- tables: dw.s
update t from dw.t t, dw.s s set a = s.a where s.id = t.id
----
-- delete all and collect statistics read nothing
-- tables: dw.s
del from dw.t all; insert into dw.t sel * from dw.s; collect statistics on dw.t
----
-- merge
-- tables: dw.s
merge into dw.t using dw.s as s on t.id = s.id when matched then update set v = s.v when not matched then insert (id, v) values (s.id, s.v)
----
-- like any, in list, between
-- tables: dw.t
sel a from dw.t where b like any ('%x%', '%y%') and c in (1, 2) and d between 1 and 2
