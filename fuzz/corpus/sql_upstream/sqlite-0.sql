M-- json_each
-- tables: t
-- columns: id = t.id; value = t.tags
select t.id, j.value from t, json_each(t.tags) j