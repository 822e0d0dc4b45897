-- A tick has a time and nothing else: it closes windows, gives silent minutes a row of zeros, and counts as nothing.
CREATE STREAM "OUT" ("AT" TIMESTAMP, "URLS" INTEGER, "USERS" INTEGER, "CLICKS" INTEGER, "RESIDUALS" INTEGER);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM FLOOR(s.ROWTIME TO MINUTE), COUNT(DISTINCT "page"), COUNT(DISTINCT "user"), COUNT("user"),
  COUNT("user") - COUNT(DISTINCT "user") FROM "SOURCE_SQL_STREAM_001" s GROUP BY FLOOR(s.ROWTIME TO MINUTE);
