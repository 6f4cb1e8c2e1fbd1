select
    date_trunc('month', r.ordered_at)::date as month,
    c.region,
    sum(r.revenue_euro) as revenue_euro
from {{ ref('fct_revenue') }} as r
inner join {{ ref('dim_customers', v=2) }} as c on c.customer_id = r.customer_id
group by all
