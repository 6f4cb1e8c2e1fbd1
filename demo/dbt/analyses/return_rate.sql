select count(distinct r.order_id) * 1.0 / count(distinct o.order_id) as return_rate
from {{ ref('fct_orders') }} as o
left join {{ source('shop', 'returns') }} as r on r.order_id = o.order_id
