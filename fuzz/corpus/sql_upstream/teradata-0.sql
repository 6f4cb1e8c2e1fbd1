N-- like any, in list, between
-- tables: dw.t
sel a from dw.t where b like any ('%x%', '%y%') and c in (1, 2) and d between 1 and 2
