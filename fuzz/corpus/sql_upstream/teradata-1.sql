n-- date arithmetic and casts
-- tables: dw.t
-- reads: dw.t (a, d)
sel cast(d as date format 'YYYY-MM-DD'), add_months(d, -1), d - interval '1' month, extract(year from d), zeroifnull(a), a ** 2 from dw.t