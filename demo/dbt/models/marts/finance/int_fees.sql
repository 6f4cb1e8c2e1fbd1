select
    order_id,
    case method when 'card' then 0.02 when 'paypal' then 0.03 else 0 end * amount_euro as fee_euro
from {{ ref('stg_payments__payments') }}
