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
----
-- create table as a table
-- tables: a
create table x as a with data
----
-- create table as a table without data
-- tables: db.a
create table x as db.a with no data
----
-- nonsequenced validtime
-- tables: db.t
nonsequenced validtime select * from db.t
----
-- validtime as of
-- tables: db.t
validtime as of date '2020-01-01' select * from db.t
----
-- current validtime
-- tables: db.t
current validtime sel * from db.t
----
-- a table function with returns
-- tables: a
select * from table (strtok_split_to_table(a.id, a.txt, ',') returns (id int, n int, tok varchar(10))) as d join a on a.id = d.id
----
-- a table operator on a table
-- tables: db.t
-- confidence: scanned
select * from nPath(on db.t partition by a order by b using mode(nonoverlapping) pattern('A.B') symbols(c = 1 as A, d = 2 as B) result(first(e of A) as f)) as x
----
-- a table operator of a coprocessor
-- tables: db.t
-- confidence: scanned
select * from sessionize@coprocessor(on db.t partition by a order by b using timecolumn('ts') timeout(60)) x
----
-- normalize
-- tables: db.t
select normalize on meets or overlaps a, p from db.t
----
-- reset when
-- tables: db.t
select first_value(a ignore nulls) over (order by b reset when c > 1), hash_amp(hashbucket(hashrow(a))) from db.t
----
-- the character set of a type
-- tables: db.t
sel cast(a as char(10) character set unicode not casespecific) as b from db.t
----
-- in any and all over lists
-- tables: db.t
sel a from db.t where x in any ('a', 'b') and y = all (1, 2) and z eq 3 and extract(year from d) ge 2020
