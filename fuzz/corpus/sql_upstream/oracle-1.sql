h-- connect by
-- tables: emp
-- reads: emp (id, mgr, name)
select lpad(' ', level * 2) || name, connect_by_root name, sys_connect_by_path(name, '/') from emp start with mgr is null connect by nocycle prior id = mgr order siblings by name