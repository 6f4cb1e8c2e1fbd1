select payment_id, order_id, method, amount_euro, paid_at
from {{ ref('stg_payments__payments') }}
