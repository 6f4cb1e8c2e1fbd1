select
    id as product_id,
    name as product_name,
    category_code,
    list_price,
    updated_at
from {{ source('shop', 'products') }}
