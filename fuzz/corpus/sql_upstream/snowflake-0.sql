@-- qualify
-- tables: events
-- reads: events (at, id, user_id)
select id, user_id from events qualify row_number() over (partition by user_id order by at desc) = 1