select
    c.customer_id,
    c.full_name,
    c.country,
    f.first_ordered_at,
    count(distinct o.order_id) as orders,
    coalesce(sum(o.amount_euro), 0) as lifetime_euro,
    count(distinct s.session_id) as sessions
from {{ ref('dim_customers') }} as c
left join {{ ref('int_customers__first_order') }} as f on f.customer_id = c.customer_id
left join {{ ref('fct_orders') }} as o on o.customer_id = c.customer_id
left join {{ ref('stg_web__sessions') }} as s on s.customer_id = c.customer_id
group by all
