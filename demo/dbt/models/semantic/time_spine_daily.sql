select date_day from {{ ref('shop_utils', 'dates') }}
