m-- recursion without the word
-- tables: t
-- columns: id = t.id
with c as (select id, p from t where p is null union all select t.id, t.p from t join c on t.p = c.id) select id from c