select
    p.id as payment_id,
    p.order_id,
    p.method,
    {{ to_euro('p.amount', 'r.rate_to_euro') }} as amount_euro,
    p.paid_at
from {{ source('payments', 'payments') }} as p
inner join {{ source('payments', 'currency_rates') }} as r on r.currency = p.currency
