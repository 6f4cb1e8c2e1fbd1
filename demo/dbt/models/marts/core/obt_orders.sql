{{ config(alias='orders') }}

select
    o.*,
    c.full_name,
    c.country,
    c.region
from {{ ref('fct_orders') }} as o
inner join {{ ref('dim_customers') }} as c on c.customer_id = o.customer_id
