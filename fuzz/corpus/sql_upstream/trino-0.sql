J-- is distinct from, like escape, between
-- tables: t
select 1 from t where a is not distinct from b and c like 'x!%' escape '!' and d not between 1 and 2