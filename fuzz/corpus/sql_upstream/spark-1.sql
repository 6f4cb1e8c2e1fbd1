d-- several inserts from one source
-- tables: db.src
-- confidence: scanned
from db.src insert overwrite table db.x select a where b = 1 insert overwrite table db.y select c where b = 2