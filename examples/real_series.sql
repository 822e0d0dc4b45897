-- Purpose:    score a real series as the service did when the Numenta Anomaly Benchmark was run on it.
-- Input:      SOURCE_SQL_STREAM_001 ("value"), ROWTIME = its timestamp (real_series.application.json).
-- Output:     DESTINATION_SQL_STREAM, the value and its score.
-- Window:     none.
-- Parameters: the defaults: 100 trees, 256 records, timeDecay 100000, shingle 1.

CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" ("TIMESTAMP" TIMESTAMP, "VALUE" DOUBLE, "ANOMALY_SCORE" DOUBLE);

CREATE OR REPLACE PUMP "STREAM_PUMP" AS
  INSERT INTO "DESTINATION_SQL_STREAM"
  SELECT STREAM ROWTIME, "value", "ANOMALY_SCORE"
  FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "value" FROM "SOURCE_SQL_STREAM_001")));
