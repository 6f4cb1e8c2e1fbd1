{{ config(alias='customers') }}

select
    id as customer_id,
    full_name,
    email,
    country as country_code,
    signed_up_on
from {{ source('shop', 'customers') }}
