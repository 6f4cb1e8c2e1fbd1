o-- channels in a rollup with days added to a date
-- tables: catalog_page, catalog_returns, catalog_sales, date_dim, store, store_returns, store_sales
with ssr as (
  select s_store_id, sum(sales_price) as sales, sum(return_amt) as returns_amt from (
    select ss_store_sk as store_sk, ss_sold_date_sk as date_sk, ss_ext_sales_price as sales_price, cast(0 as decimal(7,2)) as return_amt from store_sales
    union all
    select sr_store_sk, sr_returned_date_sk, cast(0 as decimal(7,2)), sr_return_amt from store_returns) salesreturns, date_dim, store
  where date_sk = d_date_sk and d_date between cast('2000-08-23' as date) and (cast('2000-08-23' as date) + 14 days) and store_sk = s_store_sk
  group by s_store_id),
csr as (
  select cp_catalog_page_id, sum(sales_price) as sales, sum(return_amt) as returns_amt from (
    select cs_catalog_page_sk as page_sk, cs_ext_sales_price as sales_price, cast(0 as decimal(7,2)) as return_amt from catalog_sales
    union all select cr_catalog_page_sk, 0, cr_return_amount from catalog_returns) x, catalog_page where page_sk = cp_catalog_page_sk group by cp_catalog_page_id)
select channel, id, sum(sales) as sales from (
  select 'store channel' as channel, 'store' || s_store_id as id, sales, returns_amt from ssr
  union all select 'catalog channel', 'catalog_page' || cp_catalog_page_id, sales, returns_amt from csr) x
group by rollup (channel, id) order by channel, id