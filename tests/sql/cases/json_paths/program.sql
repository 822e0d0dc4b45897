-- The developer guide's nested record: nested elements, a whole array as text, and a row per element of one array.
CREATE STREAM "OUT" ("WHO" VARCHAR(20), "CITY" VARCHAR(20), "ID" INTEGER, "PRICE" DOUBLE, "NONE" VARCHAR(5), "EVERY" VARCHAR(40));
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM * FROM "SOURCE_SQL_STREAM_001";
