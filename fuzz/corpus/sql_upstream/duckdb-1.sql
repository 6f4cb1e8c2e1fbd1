l-- group by all, order by all, qualify
-- tables: t
select a, count(*) from t group by all qualify row_number() over (order by a) = 1 order by all