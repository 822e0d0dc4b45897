-- CSV records: columns by position, quotes, blanks around values, too few columns.
CREATE STREAM "OUT" ("WHO" VARCHAR(16), "ID" INTEGER);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "NAME", "ID" FROM "SOURCE_SQL_STREAM_001";
