select
    d.date_day,
    o.channel,
    sum(o.amount_euro) as revenue_euro
from {{ ref('shop_utils', 'dates') }} as d
inner join {{ ref('fct_orders') }} as o on o.ordered_at::date = d.date_day
where o.status <> 'cancelled'
group by all
