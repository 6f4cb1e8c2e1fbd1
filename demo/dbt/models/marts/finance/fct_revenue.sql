select
    o.order_id,
    o.customer_id,
    o.ordered_at,
    o.amount_euro as revenue_euro,
    coalesce(f.fee_euro, 0) as fee_euro,
    o.amount_euro * 0.3 - coalesce(f.fee_euro, 0) - 6 as margin_euro
from {{ ref('fct_orders') }} as o
left join {{ ref('int_fees') }} as f on f.order_id = o.order_id
where o.status not in ('cancelled', 'returned')
