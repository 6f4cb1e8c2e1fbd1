b-- top, approximate, listagg, getdate
-- tables: t
-- reads: t (a, b, d, u)
select top 5 a, approximate count(distinct u), listagg(b, ',') within group (order by b) from t where d > getdate() - 7 or sysdate is null or b = a group by a