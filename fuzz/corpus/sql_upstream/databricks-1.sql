c-- unity catalog and backticks
-- tables: main.sales.orders, main.my schema.t.1
-- columns: id = main.sales.orders.id; order date = main.my schema.t.1.order date
select o.id, t.`order date` from main.sales.orders o join main.`my schema`.`t.1` t on t.id = o.id