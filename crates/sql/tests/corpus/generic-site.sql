-- a BI tool wraps the text in a subquery of its own
-- tables: s.orders
-- columns: Region = s.orders.region; sum:Amount:ok = s.orders.amount
SELECT "Custom SQL Query"."region" AS "Region", SUM("Custom SQL Query"."amount") AS "sum:Amount:ok" FROM (
  select region, amount from s.orders where day >= <[Parameters].[From]>
) "Custom SQL Query" GROUP BY 1 HAVING (COUNT(1) > 0)
----
-- a trailing semicolon and a comment after it
-- tables: s.t
select a from s.t; -- the end
----
-- a parameter with a bracket in its name
-- tables: s.t
select a from s.t where b = <[Parameters].[Weird ]] name]>
----
-- a condition of dbt around a table
-- tables: raw.a, raw.b
select x.id from raw.a x {% if target.name == 'prod' %} join raw.b y on y.id = x.id {% endif %} where x.d > '{{ var("d") }}'
----
-- Jinja for loop
-- tables: s.t
select id{% for m in ['a', 'b'] %}, sum(case when k = '{{ m }}' then v end) as {{ m }}_v{% endfor %} from s.t group by 1
----
-- refs in a CTE and a real table
-- tables: s.real
with a as (select * from {{ ref('x') }}), b as (select * from s.real) select a.id, b.v from a join b using (id)
----
-- not a query: a note of a person
-- tables:
-- confidence: scanned
TODO ask Anna where this comes from, maybe join later
----
-- a comma at the end of the from
-- tables: s.a, s.b
-- confidence: retried
select x from s.a, s.b, where x = 1
----
-- an email address and a path in strings and comments
-- tables: s.t
select 'from a.b@c.de' as m /* see \\srv\share\from x.y */ from s.t where p = 'c:\dir\'
----
-- windows line ends and tabs
-- tables: s.t
select a,
	b
from	s.t
where a = 1
----
-- what is shown, granted or described is not read
-- tables: s.t
show tables from s; describe s.u; grant select on s.v to role r; revoke select on s.w from role r; select a from s.t
----
-- a fetch from a cursor
-- tables:
fetch next from my_cursor into a
----
-- a parameter where a table's name stands
-- tables: s.t
-- confidence: scanned
select t.a from s.t t join <[Parameters].[Table]> x on x.id = t.id
----
-- a fragment that begins with FROM
-- tables: s.a, s.b
-- confidence: scanned
from s.a x join s.b y on ( x.id = y.id where
----
-- a link and a stage where the server is not known
-- tables: FIN.LEDGER, dim.f
-- confidence: scanned
select l.x, s.$1 from FIN.LEDGER@LNK.WORLD l, @raw.stage/f.csv (file_format => 'csv') s join dim.f on (
