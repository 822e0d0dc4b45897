-- Two times, with the times of the developer guide's example: what comes late is counted with the minute in which it came.
CREATE STREAM counts (sensor VARCHAR(4), taken TIMESTAMP, readings DOUBLE);
CREATE PUMP count_pump AS INSERT INTO counts
SELECT STREAM sensor, FLOOR(taken_at TO MINUTE), COUNT(sensor) FROM "SOURCE_SQL_STREAM_001"
GROUP BY STEP("SOURCE_SQL_STREAM_001".ROWTIME BY INTERVAL '1' MINUTE), FLOOR(taken_at TO MINUTE), sensor;
