i-- partitions and dates
-- tables: web.logs
-- reads: web.logs (day, status)
select status, count(*) from web.logs where day between date_format(current_date - interval '7' day, '%Y-%m-%d') and '2024-01-01' group by status