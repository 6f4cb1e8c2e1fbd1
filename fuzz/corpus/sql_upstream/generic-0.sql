O-- many unions of the same table
-- tables: t
-- columns: a = t.a, t.b, t.c
select a from t union select b from t union select c from t