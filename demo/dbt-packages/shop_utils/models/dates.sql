select date_day::date as date_day, dayofweek(date_day) in (0, 6) as is_weekend
from generate_series(date '2025-01-01', date '2025-12-31', interval 1 day) as days (date_day)
