k-- final, sample and prewhere
-- tables: db.events
-- columns: id = db.events.id
-- reads: db.events (day, id, kind)
select id from db.events final sample 1/10 offset 1/2 prewhere day = today() where kind = 1 settings max_threads = 2