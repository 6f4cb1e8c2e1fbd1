{{ config(alias='Sales Report') }}

select
    date_trunc('month', r.date_day)::date as month,
    r.channel,
    sum(r.revenue_euro) as "Revenue (EUR)",
    any_value(t.target_euro) as "Target (EUR)"
from {{ ref('daily_revenue') }} as r
left join {{ ref('sales_targets') }} as t
    on t.month = date_trunc('month', r.date_day) and t.channel = r.channel
group by all
