select date_day, 'New Year' as holiday
from {{ ref('dates') }}
where date_day = date '2025-01-01'
