-- CSV records: columns by position, quotes, blanks around values, too few columns.
CREATE STREAM "OUT" ("LAST" VARCHAR(16), "ID" INTEGER);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "LastName", "CustomerId" FROM "SOURCE_SQL_STREAM_001";
