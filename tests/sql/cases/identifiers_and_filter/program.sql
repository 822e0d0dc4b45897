-- Quoted names keep their letters, unquoted ones become upper case; WHERE keeps what is true, not what is NULL.
CREATE STREAM big_ones (Sensor VARCHAR(4), "level" DOUBLE, "Double" DOUBLE);
CREATE PUMP p AS INSERT INTO "BIG_ONES"
SELECT STREAM S.sensor, s.Level_Now AS "level", "LEVEL_NOW" * 2 FROM "SOURCE_SQL_STREAM_001" AS s WHERE level_NOW > 1.5;
