A-- an array of a neighbour without unnest
-- tables: d.orders
-- columns: id = d.orders.id; sku = d.orders.items
select o.id, i.sku from d.orders as o, o.items as i