-- The demo copies this test into its dbt project, as dbt/tests/assert_no_region_falls_short.sql. It fails, so that the
-- extract behind `rpt_revenue_by_region` is held: South earned 29.70 in March. With 20 in place of 30 it passes.
select month, region, revenue_euro
from {{ ref('rpt_revenue_by_region') }}
where revenue_euro < 30
