-- Revenue in the books is never more than what was ordered.
select r.order_id
from {{ ref('fct_revenue') }} as r
inner join {{ ref('fct_orders') }} as o on o.order_id = r.order_id
where r.revenue_euro > o.amount_euro
