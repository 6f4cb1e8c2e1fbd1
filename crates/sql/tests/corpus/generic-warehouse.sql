-- pricing summary with a precision on the interval
-- tables: lineitem
-- reads: lineitem (l_discount, l_extendedprice, l_linestatus, l_quantity, l_returnflag, l_shipdate)
select l_returnflag, l_linestatus, sum(l_quantity) as sum_qty, sum(l_extendedprice * (1 - l_discount)) as net, avg(l_discount), count(*)
from lineitem where l_shipdate <= date '1998-12-01' - interval '90' day (3)
group by l_returnflag, l_linestatus order by l_returnflag, l_linestatus
----
-- cheapest supplier of a region
-- tables: nation, part, partsupp, region, supplier
select s.s_acctbal, s.s_name, n.n_name, p.p_partkey from part p, supplier s, partsupp ps, nation n, region r
where p.p_partkey = ps.ps_partkey and s.s_suppkey = ps.ps_suppkey and p.p_size = 15 and p.p_type like '%BRASS'
  and s.s_nationkey = n.n_nationkey and n.n_regionkey = r.r_regionkey and r.r_name = 'EUROPE'
  and ps.ps_supplycost = (select min(ps2.ps_supplycost) from partsupp ps2, supplier s2, nation n2, region r2
     where p.p_partkey = ps2.ps_partkey and s2.s_suppkey = ps2.ps_suppkey and s2.s_nationkey = n2.n_nationkey
       and n2.n_regionkey = r2.r_regionkey and r2.r_name = 'EUROPE')
order by s.s_acctbal desc, n.n_name, s.s_name, p.p_partkey
----
-- order priorities
-- tables: lineitem, orders
select o_orderpriority, count(*) as order_count from orders
where o_orderdate >= date '1993-07-01' and o_orderdate < date '1993-07-01' + interval '3' month
  and exists (select * from lineitem where l_orderkey = o_orderkey and l_commitdate < l_receiptdate)
group by o_orderpriority order by o_orderpriority
----
-- market share with a case over nations
-- tables: customer, lineitem, nation, orders, part, region, supplier
-- columns: o_year = orders.o_orderdate; mkt_share = lineitem.l_discount, lineitem.l_extendedprice, nation.n_name
select o_year, sum(case when nation = 'BRAZIL' then volume else 0 end) / sum(volume) as mkt_share
from (select extract(year from o.o_orderdate) as o_year, l.l_extendedprice * (1 - l.l_discount) as volume, n2.n_name as nation
      from part p, supplier s, lineitem l, orders o, customer c, nation n1, nation n2, region r
      where p.p_partkey = l.l_partkey and s.s_suppkey = l.l_suppkey and l.l_orderkey = o.o_orderkey and o.o_custkey = c.c_custkey
        and c.c_nationkey = n1.n_nationkey and n1.n_regionkey = r.r_regionkey and s.s_nationkey = n2.n_nationkey) as all_nations
group by o_year order by o_year
----
-- customer distribution with a column list on the derived table
-- tables: customer, orders
-- columns: c_count = orders.o_orderkey; custdist
select c_count, count(*) as custdist from (
  select c.c_custkey, count(o.o_orderkey) from customer c left outer join orders o on c.c_custkey = o.o_custkey and o.o_comment not like '%special%requests%'
  group by c.c_custkey) as c_orders (c_custkey, c_count)
group by c_count order by custdist desc, c_count desc
----
-- a view that is made, read and dropped
-- tables: lineitem, supplier
-- columns: s_suppkey = supplier.s_suppkey; total_revenue = lineitem.l_extendedprice
create view revenue (supplier_no, total_revenue) as select l_suppkey, sum(l_extendedprice) from lineitem group by l_suppkey;
select s.s_suppkey, r.total_revenue from supplier s, revenue r where s.s_suppkey = r.supplier_no and r.total_revenue = (select max(total_revenue) from revenue);
drop view revenue
----
-- waiting suppliers
-- tables: lineitem, nation, orders, supplier
select s_name, count(*) as numwait from supplier, lineitem l1, orders, nation
where s_suppkey = l1.l_suppkey and o_orderkey = l1.l_orderkey and o_orderstatus = 'F' and l1.l_receiptdate > l1.l_commitdate
  and exists (select * from lineitem l2 where l2.l_orderkey = l1.l_orderkey and l2.l_suppkey <> l1.l_suppkey)
  and not exists (select * from lineitem l3 where l3.l_orderkey = l1.l_orderkey and l3.l_receiptdate > l3.l_commitdate)
  and s_nationkey = n_nationkey and n_name = 'SAUDI ARABIA' group by s_name order by numwait desc, s_name
----
-- phone prefixes by substring
-- tables: customer, orders
select cntrycode, count(*) as numcust, sum(c_acctbal) as totacctbal from (
  select substring(c_phone from 1 for 2) as cntrycode, c_acctbal from customer
  where substring(c_phone from 1 for 2) in ('13', '31') and c_acctbal > (select avg(c_acctbal) from customer where c_acctbal > 0.00)
    and not exists (select * from orders where o_custkey = c_custkey)) as custsale
group by cntrycode order by cntrycode
----
-- returns above the average of their store
-- tables: customer, date_dim, store, store_returns
with customer_total_return as (
  select sr.sr_customer_sk as ctr_customer_sk, sr.sr_store_sk as ctr_store_sk, sum(sr.sr_return_amt) as ctr_total_return
  from store_returns sr, date_dim d where sr.sr_returned_date_sk = d.d_date_sk and d.d_year = 2000 group by sr.sr_customer_sk, sr.sr_store_sk)
select c.c_customer_id from customer_total_return ctr1, store s, customer c
where ctr1.ctr_total_return > (select avg(ctr2.ctr_total_return) * 1.2 from customer_total_return ctr2 where ctr1.ctr_store_sk = ctr2.ctr_store_sk)
  and s.s_store_sk = ctr1.ctr_store_sk and s.s_state = 'TN' and ctr1.ctr_customer_sk = c.c_customer_sk order by c.c_customer_id
----
-- channels in a rollup with days added to a date
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
----
-- items bought in every channel
-- tables: catalog_sales, date_dim, item, store_sales, web_sales
with cross_items as (select i_item_sk as ss_item_sk from item, (
    select iss.i_brand_id as brand_id from store_sales, item iss, date_dim d1 where ss_item_sk = iss.i_item_sk and ss_sold_date_sk = d1.d_date_sk
    intersect select ics.i_brand_id from catalog_sales, item ics, date_dim d2 where cs_item_sk = ics.i_item_sk
    intersect select iws.i_brand_id from web_sales, item iws, date_dim d3 where ws_item_sk = iws.i_item_sk) as x
  where i_brand_id = brand_id)
select count(*) from cross_items
----
-- year over year growth with self joins of a CTE
-- tables: customer, date_dim, store_sales, web_sales
with year_total as (
  select c_customer_id as customer_id, d_year as dyear, sum(ss_net_paid) as total, 's' as sale_type from customer, store_sales, date_dim
  where c_customer_sk = ss_customer_sk group by c_customer_id, d_year
  union all
  select c_customer_id, d_year, sum(ws_net_paid), 'w' from customer, web_sales, date_dim where c_customer_sk = ws_bill_customer_sk group by c_customer_id, d_year)
select b.customer_id from year_total a, year_total b where a.customer_id = b.customer_id and a.sale_type = 's' and b.sale_type = 'w'
  and case when a.total > 0 then b.total / a.total else null end > 1
----
-- rank within a parent with grouping
-- tables: date_dim, item, store, store_sales
select sum(ss.ss_net_profit) / sum(ss.ss_ext_sales_price) as gross_margin, i.i_category, i.i_class,
  grouping(i.i_category) + grouping(i.i_class) as lochierarchy,
  rank() over (partition by grouping(i.i_category) + grouping(i.i_class), case when grouping(i.i_class) = 0 then i.i_category end
    order by sum(ss.ss_net_profit) / sum(ss.ss_ext_sales_price) asc) as rank_within_parent
from store_sales ss join date_dim d on d.d_date_sk = ss.ss_sold_date_sk join item i on i.i_item_sk = ss.ss_item_sk join store s on s.s_store_sk = ss.ss_store_sk
group by rollup (i.i_category, i.i_class)
----
-- cumulative sums joined in full
-- tables: date_dim, store_sales, web_sales
-- columns: item_sk = store_sales.ss_item_sk, web_sales.ws_item_sk; d_date = date_dim.d_date; web_cumulative = date_dim.d_date, web_sales.ws_item_sk, web_sales.ws_sales_price
with web_v1 as (select w.ws_item_sk as item_sk, d.d_date, sum(sum(w.ws_sales_price)) over (partition by w.ws_item_sk order by d.d_date rows between unbounded preceding and current row) as cume_sales
    from web_sales w, date_dim d where w.ws_sold_date_sk = d.d_date_sk group by w.ws_item_sk, d.d_date),
  store_v1 as (select s.ss_item_sk as item_sk, d.d_date, sum(s.ss_sales_price) as cume_sales from store_sales s, date_dim d group by s.ss_item_sk, d.d_date)
select case when web.item_sk is not null then web.item_sk else store.item_sk end as item_sk, coalesce(web.d_date, store.d_date) as d_date, web.cume_sales as web_cumulative
from web_v1 web full outer join store_v1 store on web.item_sk = store.item_sk and web.d_date = store.d_date
----
-- buckets by scalar subqueries
-- tables: reason, store_sales
select case when (select count(*) from store_sales where ss_quantity between 1 and 20) > 62316685
  then (select avg(ss_ext_discount_amt) from store_sales where ss_quantity between 1 and 20)
  else (select avg(ss_net_paid) from store_sales where ss_quantity between 1 and 20) end as bucket1
from reason where r_reason_sk = 1
----
-- customers who bought in one channel except another
-- tables: catalog_sales, customer, date_dim, store_sales
select count(*) from ((select distinct c_last_name, d_date from store_sales, date_dim, customer where ss_sold_date_sk = d_date_sk)
  except (select distinct c_last_name, d_date from catalog_sales, date_dim, customer where cs_sold_date_sk = d_date_sk)) cool_cust
----
-- medians and deviations
-- tables: inventory, warehouse
with inv as (select w_warehouse_sk, stdev, mean, case mean when 0 then null else stdev / mean end as cov from (
    select w.w_warehouse_sk, stddev_samp(i.inv_quantity_on_hand) as stdev, avg(i.inv_quantity_on_hand) as mean from inventory i, warehouse w
    where i.inv_warehouse_sk = w.w_warehouse_sk group by w.w_warehouse_sk) foo where case mean when 0 then 0 else stdev / mean end > 1)
select inv1.w_warehouse_sk, inv2.cov from inv inv1, inv inv2 where inv1.w_warehouse_sk = inv2.w_warehouse_sk
----
-- conditions in an OR over the same join
-- tables: customer_address, customer_demographics, date_dim, store, store_sales
select avg(ss_quantity), sum(ss_ext_wholesale_cost) from store_sales, store, customer_demographics, customer_address, date_dim
where s_store_sk = ss_store_sk and ((cd_demo_sk = ss_cdemo_sk and cd_marital_status = 'M' and ss_sales_price between 100.00 and 150.00)
  or (cd_demo_sk = ss_cdemo_sk and cd_marital_status = 'D')) and ((ss_addr_sk = ca_address_sk and ca_state in ('TX', 'OH')) or (ss_addr_sk = ca_address_sk and ca_state in ('OR')))
----
-- nested in subqueries
-- tables: customer, nation, orders, part, partsupp, supplier
select s_name, s_address from supplier, nation where s_suppkey in (
  select ps_suppkey from partsupp where ps_partkey in (select p_partkey from part where p_name like 'forest%')
    and ps_availqty > (select 0.5 * count(*) from orders where o_custkey in (select c_custkey from customer)))
  and s_nationkey = n_nationkey order by s_name
----
-- top customers of each month by a window over an aggregate
-- tables: customer, orders
-- columns: name = customer.c_name; month = orders.o_orderdate; spent = orders.o_totalprice
select name, month, spent from (
  select c.c_name as name, o.o_orderdate as month, sum(o.o_totalprice) as spent, dense_rank() over (partition by o.o_orderdate order by sum(o.o_totalprice) desc) as position
  from customer c inner join orders o on o.o_custkey = c.c_custkey group by c.c_name, o.o_orderdate) ranked
where position <= 3
