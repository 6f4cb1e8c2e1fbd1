select
    o.order_id,
    o.customer_id,
    o.status,
    o.channel,
    o.ordered_at,
    coalesce(sum(p.amount_euro), 0) as paid_euro
from {{ ref('stg_shop__orders') }} as o
left join {{ ref('stg_payments__payments') }} as p on p.order_id = o.order_id
group by all
