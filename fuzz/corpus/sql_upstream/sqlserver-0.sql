F-- update with from
-- tables: dbo.Prices
-- columns: Price = dbo.Prices.Amount
update i set i.Price = p.Amount from dbo.Items i join dbo.Prices p on p.ItemId = i.Id