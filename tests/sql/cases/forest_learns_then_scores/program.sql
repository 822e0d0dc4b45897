-- subSampleSize 10: ten zero scores, then log2(10)/(1 + 10) for the constant, log2(10) for the first other value. Text columns pass through.
CREATE STREAM "OUT" ("NAME" VARCHAR(4), "V" INTEGER, "ANOMALY_SCORE" DOUBLE);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "NAME", "V" FROM "SOURCE_SQL_STREAM_001"), 20, 10, 1000, 1));
