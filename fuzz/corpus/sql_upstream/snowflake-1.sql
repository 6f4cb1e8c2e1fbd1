`-- match_recognize
-- tables: ticks
-- columns: sym = ticks.sym; bottom = ticks.price
select * from ticks match_recognize (
  partition by sym order by at
  measures last(down.price) as bottom
  one row per match
  after match skip past last row
  pattern (strt down+ up+)
  define down as price < lag(price), up as price > lag(price))