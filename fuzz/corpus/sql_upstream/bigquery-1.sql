a-- left join unnest and a correlated subquery on an array
-- tables: d.sessions
-- columns: n; v = d.sessions.params
select (select count(*) from unnest(s.hits) h where h.type = 'PAGE') as n,
       (select value.string_value from unnest(params) where key = 'page') as v
from d.sessions s left join unnest(s.tags) t