g-- json table and operators
-- tables: docs
-- columns: n = docs.body; v = docs.body; w = docs.body
select j.n, d.body->'$.a' as v, d.body->>'$.b' as w from docs d, json_table(d.body, '$[*]' columns (n int path '$.n', nested path '$.x[*]' columns (m int path '$'))) as j