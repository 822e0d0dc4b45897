-- The developer guide's sliding window of 5 seconds: records at 1, 2, 6, 7 and three at 8 count 1, 2, 2, 2 and 5.
CREATE STREAM "OUT" ("N" INTEGER);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM COUNT(*) OVER (RANGE INTERVAL '5' SECOND PRECEDING) FROM "SOURCE_SQL_STREAM_001";
