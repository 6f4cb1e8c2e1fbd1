select customer_id, orders, lifetime_euro, sessions
from {{ ref('customer_360') }}
