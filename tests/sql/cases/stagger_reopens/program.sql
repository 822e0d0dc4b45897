-- A row just when a window closes opens the next one; windows come out in the order in which they close.
CREATE STREAM "OUT" ("K" VARCHAR(4), "S" BIGINT, "AT" TIMESTAMP);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "K", SUM("V"), ROWTIME FROM "SOURCE_SQL_STREAM_001"
WHERE "V" < 100 WINDOWED BY STAGGER (PARTITION BY "K" RANGE INTERVAL '10' SECOND) HAVING COUNT(*) > 0;
