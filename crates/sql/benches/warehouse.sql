with returns_of_customer as (
  select r.customer_key, r.store_key, sum(r.returned_amount) as returned
  from store_returns r
  join calendar d on r.returned_on_key = d.date_key
  where d.year_number = 2023
  group by r.customer_key, r.store_key
)
select c.customer_code
from returns_of_customer one
join stores s on s.store_key = one.store_key and s.state_code = 'OR'
join customers c on c.customer_key = one.customer_key
where one.returned > (
  select avg(returned) * 1.2 from returns_of_customer other where other.store_key = one.store_key
)
order by c.customer_code
limit 100
----
with both_channels as (
  select sold_on_key, extended_price as price from web_sales
  union all
  select sold_on_key, extended_price from catalog_sales
), by_week as (
  select d.week_number,
         sum(case when d.day_name = 'Sunday' then price else null end) as sunday,
         sum(case when d.day_name = 'Monday' then price else null end) as monday,
         sum(case when d.day_name = 'Tuesday' then price else null end) as tuesday,
         sum(case when d.day_name = 'Wednesday' then price else null end) as wednesday,
         sum(case when d.day_name = 'Thursday' then price else null end) as thursday,
         sum(case when d.day_name = 'Friday' then price else null end) as friday,
         sum(case when d.day_name = 'Saturday' then price else null end) as saturday
  from both_channels b, calendar d
  where b.sold_on_key = d.date_key
  group by d.week_number
)
select this_year.week_number,
       round(this_year.sunday / nullif(next_year.sunday, 0), 2) as sunday,
       round(this_year.monday / nullif(next_year.monday, 0), 2) as monday,
       round(this_year.tuesday / nullif(next_year.tuesday, 0), 2) as tuesday,
       round(this_year.friday / nullif(next_year.friday, 0), 2) as friday
from (select w.* from by_week w join calendar d on d.week_number = w.week_number where d.year_number = 2022) this_year
join (select w.* from by_week w join calendar d on d.week_number = w.week_number where d.year_number = 2023) next_year
  on this_year.week_number = next_year.week_number - 53
order by this_year.week_number
----
with yearly as (
  select c.customer_code, c.first_name, c.last_name, d.year_number,
         sum(((s.list_price - s.wholesale_cost - s.discount_amount) + s.sales_price) / 2) as total, 'store' as channel
  from customers c
  join store_sales s on s.customer_key = c.customer_key
  join calendar d on d.date_key = s.sold_on_key
  group by c.customer_code, c.first_name, c.last_name, d.year_number
  union all
  select c.customer_code, c.first_name, c.last_name, d.year_number,
         sum((((w.list_price - w.wholesale_cost - w.discount_amount) + w.sales_price) / 2)) as total, 'web' as channel
  from customers c
  join web_sales w on w.billed_customer_key = c.customer_key
  join calendar d on d.date_key = w.sold_on_key
  group by c.customer_code, c.first_name, c.last_name, d.year_number
)
select store_later.customer_code, store_later.first_name, store_later.last_name
from yearly store_first
join yearly store_later on store_later.customer_code = store_first.customer_code
join yearly web_first on web_first.customer_code = store_first.customer_code
join yearly web_later on web_later.customer_code = store_first.customer_code
where store_first.channel = 'store' and web_first.channel = 'web'
  and store_later.channel = 'store' and web_later.channel = 'web'
  and store_first.year_number = 2021 and store_later.year_number = 2022
  and web_first.year_number = 2021 and web_later.year_number = 2022
  and store_first.total > 0 and web_first.total > 0
  and case when web_first.total > 0 then web_later.total / web_first.total else 0.0 end
    > case when store_first.total > 0 then store_later.total / store_first.total else 0.0 end
order by store_later.customer_code, store_later.first_name, store_later.last_name
limit 100
----
select i.item_code, i.item_name, i.category, i.brand, i.current_price,
       sum(s.extended_price) as revenue,
       sum(s.extended_price) * 100 / sum(sum(s.extended_price)) over (partition by i.brand) as share,
       rank() over (partition by i.category order by sum(s.extended_price) desc) as place
from store_sales s
join items i on i.item_key = s.item_key
join calendar d on d.date_key = s.sold_on_key
where i.category in ('Garden', 'Kitchen', 'Music')
  and d.calendar_date between cast('2023-02-22' as date) and (cast('2023-02-22' as date) + interval '30' day)
group by i.item_code, i.item_name, i.category, i.brand, i.current_price
having sum(s.extended_price) > 1000
order by i.category, i.brand, place, i.item_code
----
select count(distinct o.order_number) as orders, sum(o.shipping_cost) as shipping, sum(o.net_profit) as profit
from catalog_sales o
join calendar d on o.shipped_on_key = d.date_key
join addresses a on o.shipping_address_key = a.address_key
join call_centers c on o.call_center_key = c.call_center_key
where d.calendar_date between '2023-04-01' and '2023-05-31'
  and a.state_code = 'IL'
  and c.county in ('Mill', 'Stone', 'Oak', 'Lake', 'River')
  and exists (
    select * from catalog_sales twin
    where twin.order_number = o.order_number and twin.warehouse_key <> o.warehouse_key
  )
  and not exists (select * from catalog_returns r where r.order_number = o.order_number)
order by count(distinct o.order_number)
----
with store_part as (
  select s.store_code as place, sum(f.extended_price) as sales, sum(coalesce(r.returned_amount, 0)) as returned,
         sum(f.net_profit - coalesce(r.net_loss, 0)) as profit
  from store_sales f
  left outer join store_returns r on f.item_key = r.item_key and f.ticket_number = r.ticket_number
  join calendar d on d.date_key = f.sold_on_key
  join stores s on s.store_key = f.store_key
  join items i on i.item_key = f.item_key
  join promotions p on p.promotion_key = f.promotion_key
  where d.calendar_date between date '2023-08-23' and date '2023-09-22' and i.current_price > 50 and p.on_tv = 'N'
  group by s.store_code
), web_part as (
  select w.site_code as place, sum(f.extended_price) as sales, sum(coalesce(r.returned_amount, 0)) as returned,
         sum(f.net_profit - coalesce(r.net_loss, 0)) as profit
  from web_sales f
  left outer join web_returns r on f.item_key = r.item_key and f.order_number = r.order_number
  join calendar d on d.date_key = f.sold_on_key
  join web_sites w on w.web_site_key = f.web_site_key
  join items i on i.item_key = f.item_key
  join promotions p on p.promotion_key = f.promotion_key
  where d.calendar_date between date '2023-08-23' and date '2023-09-22' and i.current_price > 50 and p.on_tv = 'N'
  group by w.site_code
)
select channel, place, sum(sales) as sales, sum(returned) as returned, sum(profit) as profit
from (
  select 'store' as channel, 'store ' || place as place, sales, returned, profit from store_part
  union all
  select 'web' as channel, 'site ' || place as place, sales, returned, profit from web_part
) parts
group by rollup (channel, place)
order by channel, place
limit 100
----
select c.last_name, c.first_name, a.city, bought.city as bought_in, bought.ticket_number, bought.amount, bought.profit
from (
  select f.ticket_number, f.customer_key, a.city, sum(f.coupon_amount) as amount, sum(f.net_profit) as profit
  from store_sales f, calendar d, stores s, households h, addresses a
  where f.sold_on_key = d.date_key
    and f.store_key = s.store_key
    and f.household_key = h.household_key
    and f.address_key = a.address_key
    and (h.dependents = 4 or h.vehicles = 3)
    and d.weekday_number in (6, 0)
    and d.year_number in (2021, 2021 + 1, 2021 + 2)
    and s.city in ('Fairview', 'Midway', 'Newport')
  group by f.ticket_number, f.customer_key, f.address_key, a.city
) bought, customers c, addresses a
where bought.customer_key = c.customer_key and c.address_key = a.address_key and a.city <> bought.city
order by c.last_name, c.first_name, a.city, bought_in, bought.ticket_number
----
with ranked as (
  select i.category, i.brand, s.store_name, s.company_name, d.year_number, d.month_number,
         sum(f.sales_price) as sales,
         avg(sum(f.sales_price)) over (partition by i.category, i.brand, s.store_name, s.company_name, d.year_number) as usual,
         row_number() over (partition by i.category, i.brand, s.store_name, s.company_name
                            order by d.year_number, d.month_number) as place
  from items i
  join store_sales f on f.item_key = i.item_key
  join calendar d on d.date_key = f.sold_on_key
  join stores s on s.store_key = f.store_key
  where d.year_number = 2022 or (d.year_number = 2021 and d.month_number = 12) or (d.year_number = 2023 and d.month_number = 1)
  group by i.category, i.brand, s.store_name, s.company_name, d.year_number, d.month_number
)
select here.category, here.brand, here.store_name, here.year_number, here.month_number, here.usual, here.sales,
       before.sales as before, later.sales as later
from ranked here
join ranked before on before.category = here.category and before.brand = here.brand
  and before.store_name = here.store_name and before.place = here.place - 1
join ranked later on later.category = here.category and later.brand = here.brand
  and later.store_name = here.store_name and later.place = here.place + 1
where here.year_number = 2022 and here.usual > 0
  and case when here.usual > 0 then abs(here.sales - here.usual) / here.usual else null end > 0.1
order by here.sales - here.usual, 3
limit 100
----
select substr(w.warehouse_name, 1, 20) as warehouse, m.kind, t.site_name,
       sum(case when f.shipped_on_key - f.sold_on_key <= 30 then 1 else 0 end) as within_30_days,
       sum(case when f.shipped_on_key - f.sold_on_key > 30 and f.shipped_on_key - f.sold_on_key <= 60 then 1 else 0 end) as within_60_days,
       sum(case when f.shipped_on_key - f.sold_on_key > 60 and f.shipped_on_key - f.sold_on_key <= 90 then 1 else 0 end) as within_90_days,
       sum(case when f.shipped_on_key - f.sold_on_key > 90 then 1 else 0 end) as later
from web_sales f, warehouses w, ship_modes m, web_sites t, calendar d
where d.month_sequence between 1200 and 1200 + 11
  and f.shipped_on_key = d.date_key
  and f.warehouse_key = w.warehouse_key
  and f.ship_mode_key = m.ship_mode_key
  and f.web_site_key = t.web_site_key
group by substr(w.warehouse_name, 1, 20), m.kind, t.site_name
order by warehouse, m.kind, t.site_name
----
with frequent as (
  select substr(i.item_name, 1, 30) as item, i.item_key, d.calendar_date, count(*) as times
  from store_sales f, calendar d, items i
  where f.sold_on_key = d.date_key and f.item_key = i.item_key and d.year_number in (2020, 2021, 2022, 2023)
  group by substr(i.item_name, 1, 30), i.item_key, d.calendar_date
  having count(*) > 4
), most as (
  select max(spent) as most_spent
  from (
    select c.customer_key, sum(f.quantity * f.sales_price) as spent
    from store_sales f, customers c, calendar d
    where f.customer_key = c.customer_key and f.sold_on_key = d.date_key and d.year_number in (2020, 2021, 2022, 2023)
    group by c.customer_key
  ) totals
), best as (
  select c.customer_key, sum(f.quantity * f.sales_price) as spent
  from store_sales f, customers c
  where f.customer_key = c.customer_key
  group by c.customer_key
  having sum(f.quantity * f.sales_price) > 0.5 * (select most_spent from most)
)
select last_name, first_name, sales
from (
  select c.last_name, c.first_name, sum(k.quantity * k.list_price) as sales
  from catalog_sales k, customers c, calendar d
  where d.year_number = 2023 and d.month_number = 2 and k.sold_on_key = d.date_key
    and k.item_key in (select item_key from frequent)
    and k.billed_customer_key in (select customer_key from best)
    and k.billed_customer_key = c.customer_key
  group by c.last_name, c.first_name
  union all
  select c.last_name, c.first_name, sum(w.quantity * w.list_price) as sales
  from web_sales w, customers c, calendar d
  where d.year_number = 2023 and d.month_number = 2 and w.sold_on_key = d.date_key
    and w.item_key in (select item_key from frequent)
    and w.billed_customer_key in (select customer_key from best)
    and w.billed_customer_key = c.customer_key
  group by c.last_name, c.first_name
) found
order by last_name, first_name, sales
limit 100
