-- Purpose:    score every minute of a clickstream, and count it by ten minutes for the models that look at longer windows.
-- Input:      SOURCE_SQL_STREAM_001 ("user", "page"), ROWTIME = when the click happened (application.json).
--             A tick, a record with a time and nothing else, once a minute, closes the windows of a silent site; it has
--             neither user nor page, so it counts as nothing.
-- Outputs:    SCORES, one row a minute; WINDOWS, one row per ten minutes.
-- Window:     tumbling, one minute and ten minutes, in UTC; TIMESTAMPS is the window's start. The settings
--             windows.score_seconds and windows.row_seconds set other lengths: ${name:default} stands for one.
-- Parameters: 100 trees of 256 minutes each; what is 3 days (4,320 minutes) old weighs a third of what is new.

CREATE OR REPLACE STREAM "MINUTES" (
  "TIMESTAMPS" TIMESTAMP,
  "URLS"       INTEGER,   -- distinct pages
  "USERS"      INTEGER,   -- distinct users
  "CLICKS"     INTEGER,
  "RESIDUALS"  INTEGER);  -- clicks beyond each user's first

CREATE OR REPLACE PUMP "MINUTES_PUMP" AS
  INSERT INTO "MINUTES"
  SELECT STREAM
    STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '${score_seconds:60}' SECOND),
    COUNT(DISTINCT "page"),
    COUNT(DISTINCT "user"),
    COUNT("user"),
    COUNT("user") - COUNT(DISTINCT "user")
  FROM "SOURCE_SQL_STREAM_001"
  GROUP BY STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '${score_seconds:60}' SECOND);

CREATE OR REPLACE STREAM "SCORES" (
  "TIMESTAMPS"          TIMESTAMP,
  "URLS"                INTEGER,
  "USERS"               INTEGER,
  "CLICKS"              INTEGER,
  "RESIDUALS"           INTEGER,
  "ANOMALY_SCORE"       DOUBLE,
  "ANOMALY_EXPLANATION" VARCHAR(512));

CREATE OR REPLACE PUMP "SCORES_PUMP" AS
  INSERT INTO "SCORES"
  SELECT STREAM "TIMESTAMPS", "URLS", "USERS", "CLICKS", "RESIDUALS", "ANOMALY_SCORE", "ANOMALY_EXPLANATION"
  FROM TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(
    CURSOR(SELECT STREAM * FROM "MINUTES"),
    100,    -- numberOfTrees
    256,    -- subSampleSize
    4320,   -- timeDecay
    1,      -- shingleSize
    true)); -- withDirectionality

CREATE OR REPLACE STREAM "WINDOWS" (
  "TIMESTAMPS" TIMESTAMP,
  "URLS"       INTEGER,
  "USERS"      INTEGER,
  "CLICKS"     INTEGER,
  "RESIDUALS"  INTEGER);

CREATE OR REPLACE PUMP "WINDOWS_PUMP" AS
  INSERT INTO "WINDOWS"
  SELECT STREAM
    STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '${row_seconds:600}' SECOND),
    COUNT(DISTINCT "page"),
    COUNT(DISTINCT "user"),
    COUNT("user"),
    COUNT("user") - COUNT(DISTINCT "user")
  FROM "SOURCE_SQL_STREAM_001"
  GROUP BY STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '${row_seconds:600}' SECOND);
