-- final, prewhere, sample and a global join
-- tables: db.events, db.users
select u.name, count() from db.events final sample 0.1 global any left join db.users u on u.id = events.uid prewhere day = today() group by u.name
----
-- array join and a with expression
-- tables: db.t
with 10 as lim, (select max(x) from db.t) as mx select a, tag from db.t array join tags as tag where x = mx limit lim
----
-- functions of other databases are no tables
-- tables: db.t
select * from remote('h:9000', 'db2', 't2') r join db.t t on t.id = r.id, numbers(10) n, s3('https://x/y.parquet') s
----
-- limit by, settings, format
-- tables: db.t
select a, b from db.t order by b limit 2 by a settings max_threads = 1 format JSON
----
-- dictionaries
-- tables: db.t
select dictGet('db.dict', 'name', toUInt64(id)) from db.t
----
-- union distinct with a subquery in an in by name
-- tables: db.a, db.b, db.c
select x from db.a where id in db.b union distinct select x from db.c
----
-- asof join with using and a cte of a scalar
-- tables: px, tr
select t.id, p.v from tr t asof left join px p using (sym, ts)
----
-- materialized view to a table
-- tables: db.src
create materialized view db.mv to db.dst as select a, count() as n from db.src group by a
----
-- column matchers
-- tables: db.t
select columns('^m_') apply(sum), * except (x), * replace (i + 1 as i) from db.t
----
-- parametrised view and parameters
-- tables: db.t
select a from db.t where d = {d:Date} and db.t.x > 1
----
-- cluster and merge functions, a table function of a select
-- tables: db.t, db.u
select v.x from view(select x from db.t) v, merge('db', '^t_') m, cluster('c', db.u) c
----
-- show and use before a query
-- tables: db.t
use db; show tables from db2; select a from db.t
----
-- reads of other servers are no tables of this one
-- tables: db.t
select t.a from db.t t join postgresql('h:5432', 'db', 'pgt', 'u', 'p') p on p.id = t.id join dictionary('db.dict') d on d.id = t.id, url('http://x/y.csv', CSV) u
