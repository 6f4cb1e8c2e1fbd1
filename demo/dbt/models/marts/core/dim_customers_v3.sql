-- Without the address: planned for when every report has moved away from it.
select customer_id, full_name, country, region
from {{ ref('dim_customers', v=2) }}
