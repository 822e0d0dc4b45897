-- The same rows in a stagger window, which opens with a key's first row and closes a minute later, as in the developer guide.
CREATE STREAM counts (sensor VARCHAR(4), taken TIMESTAMP, readings DOUBLE);
CREATE PUMP count_pump AS INSERT INTO counts
SELECT STREAM sensor, FLOOR(taken_at TO MINUTE), COUNT(sensor) FROM "SOURCE_SQL_STREAM_001"
WINDOWED BY STAGGER (PARTITION BY FLOOR(taken_at TO MINUTE), sensor RANGE INTERVAL '1' MINUTE);
