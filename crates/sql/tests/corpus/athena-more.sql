-- a cloudfront log query
-- tables: logs.cloudfront_logs
-- reads: logs.cloudfront_logs (date, status, uri)
SELECT date, uri, count(*) FROM "logs"."cloudfront_logs" WHERE "date" BETWEEN DATE '2024-01-01' AND DATE '2024-01-31' AND status >= 400 GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 100
----
-- nested rows and arrays of them
-- tables: db.t
-- columns: id = db.t.id; name = db.t.users
select t.id, u.name from db.t t cross join unnest(t.users) as x(u)
----
-- time travel of iceberg
-- tables: db.t
select * from db.t for timestamp as of (current_timestamp - interval '1' day)
----
-- a federated catalog
-- tables: dynamo.default.orders, awsdatacatalog.db.customers
select 1 from "dynamo"."default"."orders" o join awsdatacatalog.db.customers c on c.id = o.cid
----
-- parameters and a CTE
-- tables: db.t
with x as (select a from db.t where day = ?) select * from x
----
-- using external function
-- tables: db.t
using external function f(x varchar) returns varchar lambda 'fn' select f(a) from db.t
