-- Nested elements, a whole array as text, and a row per element of one array, of which an empty one still gives a row.
CREATE STREAM "OUT" ("SHOP" VARCHAR(20), "TOWN" VARCHAR(20), "ID" INTEGER, "PRICE" DOUBLE, "NONE" VARCHAR(5), "EVERY" VARCHAR(40));
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM * FROM "SOURCE_SQL_STREAM_001";
