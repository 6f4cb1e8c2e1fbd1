-- Called `orders` in the warehouse, as are the raw table and the wide table for reports: only the schema tells them apart.
{{ config(alias='orders') }}

select
    id as order_id,
    customer_id,
    status,
    channel,
    ordered_at
from {{ source('shop', 'orders') }}
