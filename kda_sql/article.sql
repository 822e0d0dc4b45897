-- Purpose:    the statements of the AWS article "Anomaly detection on clickstream time series", unchanged: score minute
--             rows that come ready-made.
-- Input:      SOURCE_SQL_STREAM_001 (TIMESTAMPS, URLS, USERS, CLICKS, RESIDUALS), one row a minute
--             (article.application.json).
-- Output:     TEMP_STREAM, the same rows with score and explanation.
-- Window:     none; every row is scored as it comes.
-- Parameters: 100 trees of 256 rows each, timeDecay 3 days of minutes, with direction.

CREATE OR REPLACE STREAM "TEMP_STREAM" (
   "TIMESTAMPS" TIMESTAMP, "URLS" INTEGER, "USERS" INTEGER, "CLICKS" INTEGER, "RESIDUALS" INTEGER,
   "ANOMALY_SCORE" DOUBLE, "ANOMALY_EXPLANATION" varchar(512));
CREATE OR REPLACE PUMP "STREAM_PUMP" AS INSERT INTO "TEMP_STREAM"
SELECT STREAM "TIMESTAMPS", "URLS", "USERS", "CLICKS", "RESIDUALS", "ANOMALY_SCORE", "ANOMALY_EXPLANATION" FROM
  TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(
    CURSOR(SELECT STREAM * FROM "SOURCE_SQL_STREAM_001"), -- inputStream
    100, -- numberOfTrees
    256, -- subSampleSize
    4320, -- timeDecay (60m x 24h x 3d) (default 100000)
    1, -- shingleSize
    true));
