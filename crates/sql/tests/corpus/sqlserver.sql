-- brackets, four parts and hints
-- tables: Sales.dbo.Order Details, srv.Sales.dbo.Customers
-- columns: OrderID = Sales.dbo.Order Details.OrderID; Name = srv.Sales.dbo.Customers.Name
select od.[OrderID], c.Name from [Sales].[dbo].[Order Details] od with (nolock) inner join [srv].[Sales].dbo.Customers as c (nolock) on c.ID = od.[CustomerID]
----
-- a bracket in a bracket
-- tables: dbo.we]ird
-- columns: a]b = dbo.we]ird.a]b
select [a]]b] from dbo.[we]]ird]
----
-- hints before the alias, and several
-- tables: dbo.A, dbo.B
select a.x from dbo.A with (nolock, index(ix_a)) a join dbo.B (updlock, rowlock) b on a.id = b.id option (recompile, maxdop 1)
----
-- top, percent, with ties, alias with equals
-- tables: dbo.t
-- columns: total = dbo.t.price; b = dbo.t.b
select top (10) percent with ties total = price * 2, b from dbo.t order by price desc
----
-- apply
-- tables: dbo.Customers, dbo.Orders
-- columns: Id = dbo.Customers.Id; Total = dbo.Orders.Total; value = dbo.Customers.Tags
select c.Id, o.Total, s.value from dbo.Customers c
cross apply (select top 1 Total from dbo.Orders o where o.CustomerId = c.Id order by o.At desc) o
outer apply string_split(c.Tags, ',') s
----
-- temporary tables and table variables
-- tables: dbo.src
-- columns: a = dbo.src.a
select a into #tmp from dbo.src; select t.a from #tmp t join @vars v on v.a = t.a
----
-- a temporary table made by an earlier session
-- tables: dbo.t
select * from #before b join dbo.t on t.id = b.id
----
-- a batch with GO and SET
-- tables: dbo.a, dbo.b
-- columns: y = dbo.b.y
set nocount on
GO
select x from dbo.a
GO
select y from dbo.b
----
-- declare and use a variable
-- tables: dbo.t
-- columns: a = dbo.t.a
declare @from date = '2024-01-01'; select a from dbo.t where d >= @from
----
-- openjson and openrowset
-- tables: dbo.docs
-- columns: id = dbo.docs.id; name = dbo.docs.body
select d.id, j.name from dbo.docs d cross apply openjson(d.body) with (name nvarchar(50) '$.name', qty int '$.qty') j
----
-- pivot
-- tables: dbo.Sales
-- columns: Region = dbo.Sales.Region; 2023 = dbo.Sales.Amount; 2024 = dbo.Sales.Amount
select Region, [2023], [2024] from (select Region, Yr, Amount from dbo.Sales) s pivot (sum(Amount) for Yr in ([2023], [2024])) p
----
-- unpivot
-- tables: dbo.Wide
-- columns: id = dbo.Wide.id; metric; val = dbo.Wide.a, dbo.Wide.b
select id, metric, val from (select id, a, b from dbo.Wide) w unpivot (val for metric in (a, b)) u
----
-- for xml path in a subquery
-- tables: dbo.Customers, dbo.Orders
select c.id, stuff((select ',' + o.no from dbo.Orders o where o.cid = c.id for xml path('')), 1, 1, '') from dbo.Customers c
----
-- temporal tables
-- tables: dbo.Emp, dbo.Hist
select * from dbo.Emp for system_time as of '2024-01-01' e join dbo.Hist for system_time between '2020-01-01' and '2021-01-01' as h on h.id = e.id
----
-- delete with a join names its target by alias
-- tables: dbo.Gone
delete o from dbo.Orders o join dbo.Gone g on g.id = o.id
----
-- update with from
-- tables: dbo.Prices
-- columns: Price = dbo.Prices.Amount
update i set i.Price = p.Amount from dbo.Items i join dbo.Prices p on p.ItemId = i.Id
----
-- output clause
-- tables: dbo.src
insert into dbo.dst (a) output inserted.a select a from dbo.src
----
-- merge
-- tables: dbo.src
merge dbo.dst with (holdlock) as t using dbo.src as s on t.id = s.id when matched then update set t.v = s.v when not matched by target then insert (id, v) values (s.id, s.v) when not matched by source then delete;
----
-- recursion without the word
-- tables: dbo.Emp
-- columns: Id = dbo.Emp.Id
with tree as (select Id, Boss from dbo.Emp where Boss is null union all select e.Id, e.Boss from dbo.Emp e join tree t on e.Boss = t.Id) select Id from tree option (maxrecursion 100)
----
-- default schema by double dot
-- tables: Sales.dbo.Orders
select * from Sales..Orders
----
-- convert, iif, datepart and collate
-- tables: dbo.t
-- reads: dbo.t (a, b, d, s)
select convert(varchar(10), d, 120), iif(a > b, a, b), datepart(year, d), dateadd(dd, 1, d), s collate Latin1_General_CI_AS, try_convert(int, s) from dbo.t
----
-- offset fetch and a set operation in brackets
-- tables: dbo.a, dbo.b
(select x from dbo.a) union (select x from dbo.b) order by x offset 10 rows fetch next 5 rows only
----
-- odbc escapes
-- tables: dbo.t
select {fn now()} from dbo.t where d > {d '2024-01-01'} and ts < {ts '2024-01-01 00:00:00'}
----
-- for json
-- tables: dbo.t
select a, b from dbo.t for json path, root('x')
----
-- if and begin end
-- tables: dbo.a, dbo.b, dbo.c
if exists (select 1 from dbo.a) begin select x from dbo.b end else begin select x from dbo.c end
----
-- case insensitive names
-- tables: DBO.Orders
select o.A, O.b from DBO.Orders o union all select a, b from dbo.ORDERS
----
-- string concatenation, unicode strings, percent alias
-- tables: dbo.t
-- columns: Full Name = dbo.t.first, dbo.t.last; Share = dbo.t.x
select first + N' ' + last as 'Full Name', x as [Share] from dbo.t
----
-- values as a table
-- tables: dbo.t
-- columns: n; a = dbo.t.a
select v.n, t.a from (values (1), (2)) as v(n) cross join dbo.t as t
----
-- window functions and percentile
-- tables: dbo.t
select percentile_cont(0.5) within group (order by x) over (partition by y), lag(x, 1, 0) over (order by z) from dbo.t
----
-- stored procedure body
-- tables: dbo.src
create procedure dbo.p @x int as begin set nocount on; insert into dbo.dst (a) select a from dbo.src where x = @x; end
----
-- statements without semicolons
-- tables: dbo.a, dbo.b
-- confidence: parsed
select x from dbo.a
select y from dbo.b
----
-- at time zone and sequence
-- tables: dbo.t
select ts at time zone 'UTC' at time zone 'Central European Standard Time', next value for dbo.seq from dbo.t
----
-- graph and contains
-- tables: dbo.docs
select id from dbo.docs where contains(body, 'x') and freetext(*, 'y')
