O-- conditions in an OR over the same join
-- tables: customer_address, customer_demographics, date_dim, store, store_sales
select avg(ss_quantity), sum(ss_ext_wholesale_cost) from store_sales, store, customer_demographics, customer_address, date_dim
where s_store_sk = ss_store_sk and ((cd_demo_sk = ss_cdemo_sk and cd_marital_status = 'M' and ss_sales_price between 100.00 and 150.00)
  or (cd_demo_sk = ss_cdemo_sk and cd_marital_status = 'D')) and ((ss_addr_sk = ca_address_sk and ca_state in ('TX', 'OH')) or (ss_addr_sk = ca_address_sk and ca_state in ('OR')))