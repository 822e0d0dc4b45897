-- Named windows by key: by time (one minute) and by rows (this one and the one before).
CREATE OR REPLACE STREAM "DESTINATION_SQL_STREAM" (
   ticker_symbol VARCHAR(10), Min_Price double, Max_Price double, Avg_Price double, last2 double, n INTEGER, firsts double);
CREATE OR REPLACE PUMP "STREAM_PUMP" AS
  INSERT INTO "DESTINATION_SQL_STREAM"
    SELECT STREAM ticker_symbol, MIN(Price) OVER W1 AS Min_Price, MAX(Price) OVER W1 AS Max_Price, AVG(Price) OVER W1 AS Avg_Price,
      SUM(price) OVER last2rows, COUNT(DISTINCT price) OVER W1, FIRST_VALUE(price) OVER W1
    FROM "SOURCE_SQL_STREAM_001"
    WINDOW W1 AS (PARTITION BY ticker_symbol RANGE INTERVAL '1' MINUTE PRECEDING),
           last2rows AS (PARTITION BY ticker_symbol ROWS 1 PRECEDING);
