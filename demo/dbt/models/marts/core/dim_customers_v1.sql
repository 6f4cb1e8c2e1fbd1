select customer_id, full_name, email, country_code as country
from {{ ref('stg_shop__customers') }}
