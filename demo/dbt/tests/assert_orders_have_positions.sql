-- Every order has at least one position.
{{ config(tags=['critical']) }}

select o.order_id
from {{ ref('stg_shop__orders') }} as o
left join {{ ref('stg_shop__order_items') }} as i on i.order_id = o.order_id
where i.order_id is null
