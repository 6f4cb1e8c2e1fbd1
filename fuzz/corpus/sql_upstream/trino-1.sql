j-- match_recognize
-- tables: orders
select * from orders match_recognize (partition by cust order by day measures a.price as start_price, last(b.price) as end_price one row per match after match skip past last row pattern (a b+) define b as b.price > prev(b.price))