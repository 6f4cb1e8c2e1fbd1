L-- values and a table macro
-- tables: t
select v.a, t.b from (values (1)) v(a), t, my_macro(1) m