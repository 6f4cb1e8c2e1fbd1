H-- pivot
-- tables: sales
select * from (select region, product, amount from sales) pivot (sum(amount) for product in ('A' as a, 'B' as b))