-- Extension: one forest per key. Each key's constant scores log2(10)/11 after its own ten rows; together they would differ.
CREATE STREAM "OUT" ("K" VARCHAR(4), "ANOMALY_SCORE" DOUBLE);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "K", "ANOMALY_SCORE" FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "K", "V" FROM "SOURCE_SQL_STREAM_001") PARTITION BY "K", 20, 10)) WHERE "ANOMALY_SCORE" > 0;
