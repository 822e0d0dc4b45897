-- Rows of each second by value, the highest first, NULL before all of them; they come out when the second is over.
CREATE STREAM "OUT" ("V" INTEGER, "CAME" TIMESTAMP);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "V", ROWTIME FROM "SOURCE_SQL_STREAM_001" AS s
ORDER BY FLOOR(s.ROWTIME TO SECOND), "V" DESC;
