select
    s.id as session_id,
    s.customer_id,
    s.started_at,
    s.device,
    count(v.path) as page_views
from {{ source('web', 'sessions') }} as s
left join {{ source('web', 'page_views') }} as v on v.session_id = s.id
group by all
