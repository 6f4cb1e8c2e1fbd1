C-- inline, posexplode and stack in the select list
-- tables: s.t
-- columns: pos = s.t.arr; item = s.t.arr
select posexplode(arr) as (pos, item) from s.t