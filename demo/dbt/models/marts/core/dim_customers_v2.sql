select
    c.customer_id,
    c.full_name,
    c.email,
    n.country,
    n.region
from {{ ref('stg_shop__customers') }} as c
left join {{ ref('country_codes') }} as n on n.code = c.country_code
