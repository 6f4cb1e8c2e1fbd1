{{ config(materialized='ephemeral') }}

select
    i.order_id,
    i.product_id,
    p.product_name,
    p.category_code,
    i.quantity,
    i.amount
from {{ ref('stg_shop__order_items') }} as i
inner join {{ ref('stg_shop__products') }} as p on p.product_id = i.product_id
