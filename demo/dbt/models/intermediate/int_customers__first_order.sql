select customer_id, min(ordered_at) as first_ordered_at
from {{ ref('stg_shop__orders') }}
group by customer_id
