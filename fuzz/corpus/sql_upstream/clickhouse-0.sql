K-- ternary and casts
-- tables: t
-- columns: x = t.a, t.b, t.c; y = t.a
select if(a > 1, b, c) as x, a::String as y from t