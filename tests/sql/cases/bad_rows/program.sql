-- Whatever does not fit the schema goes to the error stream with its bytes; the rest goes on.
CREATE STREAM "OUT" ("N" INTEGER, "X" DOUBLE, "S" VARCHAR(3), "B" BOOLEAN);
CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "N", "X", "S", "B" FROM "SOURCE_SQL_STREAM_001";
