-- default schema by double dot, with brackets, beside a linked server
-- tables: Sales.dbo.Orders, LNK.Crm.dbo.Customers
select o.[Id], c.[Name] from [Sales]..[Orders] o join [LNK].[Crm]..[Customers] c on c.Id = o.CustomerId
----
-- initial SQL that fills a temporary table, then the query that reads it
-- tables: dbo.FactSales, dbo.DimStore
-- columns: StoreName = dbo.DimStore.StoreName; Total = dbo.FactSales.Amount
IF OBJECT_ID('tempdb..#sales') IS NOT NULL DROP TABLE #sales
CREATE TABLE #sales (StoreId int, Total money)
INSERT INTO #sales (StoreId, Total) SELECT StoreId, SUM(Amount) FROM dbo.FactSales WITH (NOLOCK) GROUP BY StoreId
SELECT d.StoreName, s.Total FROM #sales s JOIN dbo.DimStore d ON d.StoreId = s.StoreId
----
-- a stored procedure is called, with parameters of Tableau
-- tables:
EXEC [dbo].[usp_SalesReport] @From = <[Parameters].[From Date]>, @To = <Parameters.To Date>
----
-- insert from a procedure, then read
-- tables: dbo.DimStore
DECLARE @r TABLE (StoreId int, Total money); INSERT INTO @r EXEC dbo.usp_Totals 2024; SELECT r.Total, d.Name FROM @r r JOIN dbo.DimStore d ON d.StoreId = r.StoreId
----
-- a table-valued function is no table, what is applied to its rows is
-- tables: dbo.Customers
select c.Id, f.Balance from dbo.Customers c cross apply dbo.fn_Balance(c.Id, getdate()) f
----
-- a CTE named like the table of another schema
-- tables: stg.Orders
-- columns: Id = stg.Orders.Id
with Orders as (select Id, Amount from stg.Orders where Amount > 0) select o.Id from Orders o
----
-- the CTE's name with a schema is the real table
-- tables: dbo.Orders, stg.Orders
with Orders as (select Id from stg.Orders) select a.Id, b.Amount from Orders a join dbo.Orders b on a.Id = b.Id
----
-- a parameter as a number, as text, in a list and in TOP
-- tables: dbo.Orders
-- reads: dbo.Orders (Id, Region, Year)
select top <[Parameters].[Top N]> Id from dbo.Orders where Region in (<[Parameters].[Region 1]>, '<Parameters.Region 2>') and Year >= <Parameters.Year>
----
-- a temporal join and a hint between
-- tables: dbo.Price, dbo.Item
select i.Name, p.Amount from dbo.Item i with (forceseek) left join dbo.Price for system_time as of @d p with (nolock) on p.ItemId = i.Id
----
-- grouping by a date spine built by recursion
-- tables: dbo.Visits
-- columns: d; n = dbo.Visits.Id
with spine as (select cast('20240101' as date) as d union all select dateadd(day, 1, d) from spine where d < '20241231') select s.d, count(v.Id) as n from spine s left join dbo.Visits v on v.Day = s.d group by s.d option (maxrecursion 0)
----
-- openquery in a join with an alias in brackets
-- tables: dbo.Local
select l.Id, [r].[Total] from dbo.Local l inner join openquery([ORA], 'select id, total from fin.totals where x = ''y''') as [r] on [r].id = l.Id
----
-- a view's name with dots and an apostrophe in it
-- tables: rpt.v.Sales, rpt.O'Brien's
select * from [rpt].[v.Sales] a cross join rpt.[O'Brien's] b
----
-- string_split and generate_series with column aliases
-- tables: dbo.T
select t.Id, s.value, g.value from dbo.T t cross apply string_split(t.Tags, ',', 1) as s cross join generate_series(1, 10) as g
----
-- select into a permanent table, then read it with the database
-- tables: dbo.Src
select a into Work.dbo.Kept from dbo.Src; select a from Work.dbo.Kept
----
-- while and print, with a query at the end
-- tables: dbo.Log
declare @i int = 0; while @i < 3 begin set @i = @i + 1; print @i; end; select Id from dbo.Log where N = @i
----
-- table hint without with, index by number, a commented join
-- tables: dbo.A, dbo.C
select a.x from dbo.A a (index = 1) /* join dbo.B b on b.id = a.id */ inner merge join dbo.C c on c.id = a.id -- join dbo.D
----
-- a derived table named like a real one
-- tables: dbo.Raw
-- columns: v = dbo.Raw.v
select Orders.v from (select v from dbo.Raw) as Orders
----
-- update through a join, in a script before the select
-- tables: dbo.Items, dbo.Prices, dbo.Src
select Id, Price into #t from dbo.Src
update t set t.Price = p.Amount from #t t join dbo.Prices p on p.ItemId = t.Id
select t.Id, t.Price from #t t join dbo.Items i on i.Id = t.Id
----
-- xml nodes on a CTE, named by its column
-- tables: dbo.Docs
;with xmlnamespaces ('uri' as ns), d as (select Id, Body from dbo.Docs) select d.Id, x.n.value('@a', 'int') as A from d cross apply d.Body.nodes('/ns:r') as x(n)
----
-- use of a database before the query
-- tables: dbo.Orders
USE [Sales];
SELECT Id FROM dbo.Orders
----
-- four parts without a schema after a comma
-- tables: L.D.dbo.A, E.dbo.B
select 1 from E..B b, L.D..A a
----
-- xmlnamespaces alone
-- tables: dbo.D
with xmlnamespaces ('u' as n) select Id from dbo.D for xml path('n:x')
----
-- a recursive CTE with two anchors and a table of its own name in another schema
-- tables: hr.Tree
with Tree as (select Id, Up from hr.Tree where Up is null union all select c.Id, c.Up from hr.Tree c join Tree t on c.Up = t.Id) select Id from Tree
----
-- parameters of a driver and of a report
-- tables: dbo.T
select a from dbo.T where b = @Region and c in (@List) and d = ?
----
-- a synonym through a linked server and a wildcard alias
-- tables: SRV.D.S.T
select T.* from SRV.D.S.T
----
-- nested views in brackets with spaces and dashes
-- tables: My DB.rpt-x.Sales 2024
select [Total Sales] = sum([Net Sales]) from [My DB].[rpt-x].[Sales 2024]
----
-- set options, a raised error, a return
-- tables: dbo.T
set transaction isolation level read uncommitted; set ansi_warnings off; select a from dbo.T; return
----
-- a global temporary table and one in tempdb
-- tables: dbo.Src
select a into ##g from dbo.Src; select g.a, h.a from ##g g join tempdb..##g h on h.a = g.a
----
-- output into, then read what was put out
-- tables: dbo.Src
declare @o table (id int); insert into dbo.Dst (id) output inserted.id into @o select id from dbo.Src; select id from @o
----
-- a procedure in ODBC's call
-- tables:
-- confidence: scanned
{call dbo.GetSales(2024)}
----
-- change tracking and full text name their table as an argument
-- tables: dbo.Docs, dbo.T
select c.Id, k.[RANK] from changetable(changes dbo.T, 0) as c join containstable(dbo.Docs, Body, 'x') as k on k.[KEY] = c.Id
----
-- a sample, a JSON variable, a management function
-- tables: dbo.T
select t.a, j.x from dbo.T as t tablesample (10 percent) cross apply openjson(@json) with (x int '$.x') j
----
-- Tableau's words for who asks, in initial SQL
-- tables: dbo.Src
insert into dbo.Log values ([TableauServerUser], [TableauVersion]); select a into #t from dbo.Src; select a from #t
