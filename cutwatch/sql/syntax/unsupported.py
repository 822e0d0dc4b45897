"""What other SQL has and KDA SQL here has not, with what to write instead: a refusal must help."""

from __future__ import annotations

_ONLY = "a file holds CREATE [OR REPLACE] STREAM and CREATE [OR REPLACE] PUMP statements only"

STATEMENTS = {
    "": _ONLY,
    "SELECT": "put it into a pump: CREATE PUMP name AS INSERT INTO stream SELECT STREAM ...",
    "INSERT": "put it into a pump: CREATE PUMP name AS INSERT INTO stream SELECT STREAM ...",
    "DROP": "leave the stream or pump out of the file",
    "ALTER": "pumps run as soon as the application starts; change their CREATE statement instead",
    "CREATE FUNCTION": "use the built-in functions, or compute the value before the stream",
    "CREATE VIEW": "create a stream and a pump that fills it",
    "CREATE TABLE": "reference tables are not supported; add the columns before the stream",
    "CREATE SCHEMA": "all streams live in one schema; leave it out",
}

CLAUSES = {
    "JOIN": "a query reads one stream; add the columns before the stream, or pump both into one stream",
    "UNION": "give each SELECT a pump of its own into the same stream",
    "INTERSECT": "a query reads one stream; use WHERE",
    "EXCEPT": "a query reads one stream; use WHERE",
    "LIMIT": "a stream has no end; use WHERE or a window",
    "OFFSET": "a stream has no end; use WHERE or a window",
    "FETCH": "a stream has no end; use WHERE or a window",
    "QUALIFY": "pump the windowed columns into a stream and filter that with WHERE",
    "TABLESAMPLE": "filter with WHERE",
    "FOR": "leave it out",
    ",": "a query reads one stream; pump both into one stream",
}
JOINS = ("JOIN", "INNER", "LEFT", "RIGHT", "FULL", "CROSS", "NATURAL", "OUTER")

FUNCTIONS = {
    "HOTSPOTS": "use RANDOM_CUT_FOREST_WITH_EXPLANATION",
    "STDDEV": "use STDDEV_SAMP or STDDEV_POP",
    "VARIANCE": "use VAR_SAMP or VAR_POP",
    "COUNT_DISTINCT_ITEMS_TUMBLING": "use COUNT(DISTINCT x) with GROUP BY and a window",
    "TOP_K_ITEMS_TUMBLING": "use COUNT(*) with GROUP BY and a window, and ORDER BY",
    "GROUP_RANK": "use ORDER BY FLOOR(ROWTIME TO SECOND), x",
    "EXP_AVG": "use AVG with OVER (... RANGE INTERVAL ... PRECEDING)",
    "LAG": "use FIRST_VALUE with OVER (... ROWS 1 PRECEDING)",
    "CURRENT_TIMESTAMP": "use ROWTIME: results must not depend on when they are computed",
    "CURRENT_ROW_TIMESTAMP": "use ROWTIME: results must not depend on when they are computed",
    "LOCALTIMESTAMP": "use ROWTIME: results must not depend on when they are computed",
    "CURRENT_DATE": "use CAST(ROWTIME AS DATE): results must not depend on when they are computed",
    "NOW": "use ROWTIME: results must not depend on when they are computed",
    "MONOTONIC": "group by FLOOR(ROWTIME TO ...) or STEP(ROWTIME BY ...)",
    "TUMBLE": "group by STEP(ROWTIME BY INTERVAL '...' SECOND)",
    "DATE_TRUNC": "use FLOOR(x TO MINUTE)",
    "IFNULL": "use COALESCE",
    "NVL": "use COALESCE",
    "INITCAP": "use UPPER or LOWER",
    "IF": "use CASE WHEN ... THEN ... ELSE ... END",
    "LENGTH": "use CHAR_LENGTH",
    "LEN": "use CHAR_LENGTH",
    "SUBSTR": "use SUBSTRING",
    "CONCAT": "use a || b",
    "LOG": "use LN or LOG10",
    "POW": "use POWER",
    "TO_CHAR": "use CAST(x AS VARCHAR(n)) or TIMESTAMP_TO_CHAR",
}
