D-- two lateral views in a row
-- tables: db.t
-- columns: z = db.t.xs
select z from db.t lateral view explode(xs) a as y lateral view explode(y) b as z