G-- a derived table and a union in brackets with limits
-- tables: a, b
(select x from a order by x limit 3) union all (select x from b limit 2) limit 4