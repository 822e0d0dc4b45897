-- A row without a number never reaches the model, and the count of rows it learns from does not include it.
CREATE STREAM "OUT" ("V" DOUBLE, "ANOMALY_SCORE" DOUBLE);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "V" FROM "SOURCE_SQL_STREAM_001"), 20, 10, 1000)) WHERE "ANOMALY_SCORE" > 0;
