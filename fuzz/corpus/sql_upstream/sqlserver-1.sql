f-- brackets, four parts and hints
-- tables: Sales.dbo.Order Details, srv.Sales.dbo.Customers
-- columns: OrderID = Sales.dbo.Order Details.OrderID; Name = srv.Sales.dbo.Customers.Name
select od.[OrderID], c.Name from [Sales].[dbo].[Order Details] od with (nolock) inner join [srv].[Sales].dbo.Customers as c (nolock) on c.ID = od.[CustomerID]