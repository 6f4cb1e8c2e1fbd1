e-- filter, within group, window and grouping sets
-- tables: sales
-- columns: region = sales.region; m = sales.amount; r = sales.amount, sales.region; f = sales.amount, sales.kind
select region, percentile_cont(0.5) within group (order by amount) as m,
       rank() over (partition by region order by sum(amount) desc) as r,
       sum(amount) filter (where kind = 'x') as f
from sales group by grouping sets ((region), ())