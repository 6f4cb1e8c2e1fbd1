{{ config(database='archive', alias='fct_payments') }}

select payment_id, order_id, method, amount_euro, paid_at
from {{ ref('stg_payments__payments') }}
where paid_at < '2025-02-01'
