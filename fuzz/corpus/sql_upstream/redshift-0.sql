B-- unload of a query
-- tables: s.t
unload ('select a from s.t where b = ''x''') to 's3://bucket/x' iam_role 'arn:aws:iam::1:role/x' parquet