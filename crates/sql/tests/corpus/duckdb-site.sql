-- files by name and by function beside a table
-- tables: dim.k
select * from 'data/*.parquet' p join read_csv_auto('x.csv') c on c.id = p.id join dim.k k on k.id = p.id
----
-- from first, columns, exclude, positional join
-- tables: a, b
from a positional join b select a.* exclude (x), columns('m_.*')
----
-- attached databases
-- tables: pg.public.t, lite.main.u
attach 'x' as pg (type postgres); select t.a from pg.public.t t semi join lite.main.u u using (id)
----
-- pivot and unpivot statements
-- tables: sales, w
pivot sales on year using sum(amount) group by region; unpivot w on columns(* exclude id) into name m value v
----
-- lateral by default, list comprehension
-- tables: t
select t.id, u.x, [y + 1 for y in t.ys] from t, (select unnest(t.xs) as x) u
----
-- macros and a summary
-- tables: t
create macro f(x) as x + 1; summarize t
