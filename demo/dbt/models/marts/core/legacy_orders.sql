{{ config(enabled=false) }}

select * from {{ source('shop', 'orders') }}
