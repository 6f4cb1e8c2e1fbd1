-- nested brackets and a date table
-- tables: dbo.DimDate, dbo.FactSales
-- reads: dbo.DimDate (CalendarYear, DateKey); dbo.FactSales (OrderDateKey, SalesAmount)
SELECT d.[CalendarYear] AS [Year], SUM(f.[SalesAmount]) AS [Sales Amount] FROM [dbo].[FactSales] AS f WITH(NOLOCK) LEFT OUTER JOIN [dbo].[DimDate] d (NOLOCK) ON d.[DateKey] = f.[OrderDateKey] WHERE 1=1 GROUP BY d.[CalendarYear]
----
-- several CTEs after a semicolon
-- tables: dbo.a, dbo.b
;with x as (select id from dbo.a), y as (select id from dbo.b) select x.id from x inner join y on x.id = y.id
----
-- cross apply values to unpivot
-- tables: dbo.t
-- columns: id = dbo.t.id; k; v = dbo.t.a, dbo.t.b
select t.id, u.k, u.v from dbo.t t cross apply (values ('a', t.a), ('b', t.b)) as u(k, v)
----
-- cross apply nodes of XML
-- tables: dbo.docs
select d.id, n.x.value('@id', 'int') from dbo.docs d cross apply d.body.nodes('/r/i') as n(x)
----
-- string_agg within group, concat, format, choose
-- tables: dbo.t
-- reads: dbo.t (a, b, d)
select string_agg(a, ', ') within group (order by b), concat(a, b), format(d, 'yyyy-MM'), choose(b, 'x', 'y'), eomonth(d, -1), isnull(a, '') from dbo.t
----
-- row_number paging and a quoted alias in single quotes
-- tables: dbo.t
select * from (select row_number() over (partition by a order by b desc) as 'rn', a from dbo.t) q where q.rn = 1
----
-- exists with intersect to compare nulls
-- tables: dbo.a, dbo.b
select a.id from dbo.a a join dbo.b b on a.id = b.id where not exists (select a.x intersect select b.x)
----
-- variables of a table type, insert exec is not read
-- tables: dbo.t
declare @t table (id int, v varchar(10)); insert into @t select id, v from dbo.t; select * from @t
----
-- create table as select of Synapse
-- tables: dbo.src
-- columns: a = dbo.src.a
create table dbo.dst with (distribution = hash(a), clustered columnstore index) as select a from dbo.src
----
-- cross database and default schema
-- tables: OtherDb.dbo.t, db.s.x
-- defaults: db.s
select * from OtherDb.dbo.t a join x on x.id = a.id
----
-- update with a CTE target
-- tables: dbo.t
with c as (select *, row_number() over (order by id) rn from dbo.t) delete from c where rn > 1
----
-- try and catch
-- tables: dbo.a
begin try select x from dbo.a end try begin catch select error_message() end catch
----
-- if object exists, drop, create
-- tables: dbo.src
if object_id('tempdb..#x') is not null drop table #x;
select a into #x from dbo.src;
select a from #x;
----
-- sum over with rows, lag with default, ntile
-- tables: dbo.t
select sum(a) over (order by b rows between 2 preceding and current row), ntile(4) over (order by c) from dbo.t
----
-- like with brackets in the pattern, escape, between dates
-- tables: dbo.t
select a from dbo.t where b like '[A-Z]%' and c like '%!_%' escape '!' and d between '20240101' and '20240131'
----
-- collate in a join and a hex literal
-- tables: dbo.a, dbo.b
select 0xFF from dbo.a a inner hash join dbo.b b on a.x = b.x collate database_default
----
-- outer apply with top and order by
-- tables: dbo.a, dbo.b
select a.id, l.v from dbo.a a outer apply (select top (1) b.v from dbo.b b where b.a_id = a.id order by b.d desc) l
----
-- openquery reads elsewhere
-- tables: dbo.t
select * from openquery(srv, 'select * from remote_table') q join dbo.t on t.id = q.id
----
-- for json auto inside of a column
-- tables: dbo.a, dbo.b
select a.id, (select b.x from dbo.b b where b.id = a.id for json path) as j from dbo.a a
----
-- a view with schemabinding
-- tables: dbo.t
create view dbo.v with schemabinding as select a from dbo.t
----
-- grouping sets, rollup with the old syntax
-- tables: dbo.t
select a, b, sum(c) from dbo.t group by a, b with rollup
----
-- case insensitive keywords, tabs and carriage returns
-- tables: dbo.T
SeLeCt	A
fRoM	dbo.T
----
-- compound assignment and select of variables
-- tables: dbo.t
declare @n int; select @n = count(*), @n += 1 from dbo.t
----
-- merge with output and a derived source
-- tables: dbo.a, dbo.b
merge into dbo.t as tgt using (select a.id, b.v from dbo.a a join dbo.b b on a.id = b.id) as src (id, v) on tgt.id = src.id when matched then update set v = src.v when not matched then insert (id, v) values (src.id, src.v) output $action, inserted.id;
----
-- a pivot over a table with an alias after it
-- tables: dbo.t
select p.* from dbo.t as src pivot (max(v) for k in ([a], [b], [c d])) as p
----
-- temporal with all and contained in
-- tables: dbo.a, dbo.b
select * from dbo.a for system_time all join dbo.b for system_time contained in ('2020', '2021') on 1 = 1
----
-- a cursor with options
-- tables: dbo.A
declare cur cursor local fast_forward for select id from dbo.A; open cur; fetch next from cur into @a; close cur; deallocate cur
----
-- delete top
-- tables: dbo.B
delete top (10) from dbo.A output deleted.* into dbo.Log where id in (select id from dbo.B)
----
-- openrowset bulk with declared columns
-- tables:
select * from openrowset(bulk 'https://x.dfs.core.windows.net/y/*.parquet', format = 'parquet') with (a int, b varchar(10)) as r
