-- 10 seconds of lateness: rows are put in order; what comes later than that is a bad row, unless it is a tick.
CREATE STREAM "OUT" ("V" INTEGER);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "V" FROM "SOURCE_SQL_STREAM_001" WHERE "V" IS NOT NULL;
