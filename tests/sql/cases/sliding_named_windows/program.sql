-- Named windows by key: by time (one minute) and by rows (this one and the one before).
CREATE STREAM "OUT" ("K" VARCHAR(10), "LO" DOUBLE, "HI" DOUBLE, "MEAN" DOUBLE, "LAST2" DOUBLE, "N" INTEGER, "FIRST" DOUBLE);
CREATE PUMP "P" AS INSERT INTO "OUT"
SELECT STREAM "K", MIN("V") OVER a_minute, MAX("V") OVER a_minute, AVG("V") OVER A_MINUTE, SUM("V") OVER two_rows,
  COUNT(DISTINCT "V") OVER a_minute, FIRST_VALUE("V") OVER a_minute
FROM "SOURCE_SQL_STREAM_001"
WINDOW a_minute AS (PARTITION BY "K" RANGE INTERVAL '1' MINUTE PRECEDING), two_rows AS (PARTITION BY "K" ROWS 1 PRECEDING);
