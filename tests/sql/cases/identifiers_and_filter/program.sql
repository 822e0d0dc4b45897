-- Quoted names keep their letters, unquoted ones become upper case; WHERE keeps what is true, not what is NULL.
CREATE STREAM destination (Ticker VARCHAR(4), "price" DOUBLE, "Double" DOUBLE);
CREATE PUMP p AS INSERT INTO "DESTINATION"
SELECT STREAM S.ticker_symbol, s.Price AS "price", "PRICE" * 2 FROM "SOURCE_SQL_STREAM_001" AS s WHERE PRICE > 1.5;
