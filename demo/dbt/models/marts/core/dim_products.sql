select
    p.product_id,
    p.product_name,
    c.category,
    p.list_price
from {{ ref('stg_shop__products') }} as p
left join {{ ref('product_categories') }} as c on c.code = p.category_code
