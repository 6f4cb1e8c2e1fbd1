{{ config(materialized='incremental', unique_key='order_id', incremental_strategy='delete+insert') }}

select
    o.order_id,
    o.customer_id,
    o.status,
    o.channel,
    o.ordered_at,
    sum(i.quantity) as items,
    sum(i.amount) as amount_euro,
    o.paid_euro
from {{ ref('int_orders__paid') }} as o
inner join {{ ref('int_order_items__priced') }} as i on i.order_id = o.order_id
where o.ordered_at >= '{{ var("first_order_date") }}'
{% if is_incremental() %}
    and o.ordered_at > (select max(ordered_at) from {{ this }})
{% endif %}
group by all
