"""Whatever is not supported is refused where it stands (marked ¦), with advice."""

from __future__ import annotations

import pytest

from cutwatch.errors import DeveloperError
from cutwatch.sql import SchemaError, SqlError, compile_sql
from tests.unit.sql.programs import application

COLUMNS = {
    "A": "INTEGER",
    "B": "DOUBLE",
    "S": "VARCHAR(8)",
    "T": "TIMESTAMP",
    "D": "DECIMAL(5,2)",
    "O": "BOOLEAN",
    "lower": "INTEGER",
}
FOREST = "SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM A FROM SRC)"
WIDE = "A AS A0" + "".join(f", A AS A{n}" for n in range(1, 31))

# In these SRC is the source stream; each is the query of a pump into a stream ("A" INTEGER).
QUERIES = [
    ("¦SELECT A FROM SRC", "SELECT without STREAM", "write SELECT STREAM"),
    ("SELECT STREAM ¦DISTINCT A FROM SRC", "DISTINCT is not supported", "GROUP BY the columns"),
    ("SELECT STREAM A FROM SRC ¦JOIN X ON 1 = 1", "JOIN is not supported", "pump both into one stream"),
    ("SELECT STREAM A FROM SRC ¦LEFT OUTER JOIN X ON 1 = 1", "JOIN is not supported", "pump both into one stream"),
    ("SELECT STREAM A FROM SRC¦, X", ", is not supported", "pump both into one stream"),
    ("SELECT STREAM A FROM SRC ¦UNION ALL SELECT STREAM A FROM SRC", "UNION is not supported", "a pump of its own"),
    ("SELECT STREAM A FROM SRC ¦LIMIT 3", "LIMIT is not supported", "use WHERE or a window"),
    ("SELECT STREAM A FROM SRC WHERE A IN (¦SELECT 1)", "a query inside an expression", "FROM (SELECT STREAM"),
    ("SELECT STREAM A FROM ¦SCR", 'no stream "SCR"', 'there are "SOURCE_SQL_STREAM_001"'),
    ("SELECT STREAM ¦LOWER FROM SRC", 'no column "LOWER"', 'did you mean "lower"? Unquoted names become upper case'),
    ("SELECT STREAM ¦x.A FROM SRC AS s", '"X" is not what FROM names', '"S"'),
    ("SELECT STREAM s.A FROM SRC¦.T AS s", "names with a schema", "the stream's name alone"),
    ("SELECT STREAM ¦A & 1 FROM SRC", "& is not supported", ""),
    ("SELECT STREAM ¦A % 2 FROM SRC", "% (use MOD(a, b)) is not supported", ""),
    ("SELECT STREAM A ¦:: DOUBLE FROM SRC", "FROM is missing", ""),
    ("SELECT STREAM A + ¦S FROM SRC", "+ needs numbers, not VARCHAR(8)", "CAST"),
    ("SELECT STREAM ¦A = S FROM SRC", "INTEGER and VARCHAR(8) cannot be compared", "CAST"),
    ("SELECT STREAM A FROM SRC WHERE ¦A", "WHERE needs a condition, not INTEGER", ""),
    ("SELECT STREAM ¦T > '2020-01-01' FROM SRC", "cannot be compared", "TIMESTAMP '2020"),
    ("SELECT STREAM ¦T - T FROM SRC", "a difference of times", "TSDIFF"),
    ("SELECT STREAM ¦T * INTERVAL '1' DAY FROM SRC", "an interval can be added", ""),
    ("SELECT STREAM T + ¦INTERVAL '1' MONTH FROM SRC", "unit MONTH is not supported; allowed are SECOND", ""),
    ("SELECT STREAM T + ¦INTERVAL '1:30' MINUTE TO SECOND FROM SRC", "intervals of several units", "'90' SECOND"),
    ("SELECT STREAM T + ¦INTERVAL '0' SECOND FROM SRC", "up to 366 DAYs", ""),
    ("SELECT STREAM FLOOR(T TO ¦WEEK) FROM SRC", "unit WEEK is not supported", ""),
    ("SELECT STREAM FLOOR(¦A TO MINUTE) FROM SRC", "needs a TIMESTAMP, not INTEGER", ""),
    ("SELECT STREAM ¦CURRENT_TIMESTAMP FROM SRC", 'no column "CURRENT_TIMESTAMP"', ""),
    ("SELECT STREAM ¦NOW() FROM SRC", "function NOW is not supported", "use ROWTIME"),
    ("SELECT STREAM ¦LENGTH(S) FROM SRC", "function LENGTH is not supported", "CHAR_LENGTH"),
    ("SELECT STREAM ¦UPER(S) FROM SRC", "function UPER is not supported", "did you mean UPPER"),
    ("SELECT STREAM ¦ABS(A, 1) FROM SRC", "ABS takes 1 argument, not 2", ""),
    ("SELECT STREAM ¦ABS(S) FROM SRC", "argument 1 of ABS is VARCHAR(8); a number is needed", ""),
    ("SELECT STREAM ¦S SIMILAR TO S FROM SRC", "argument 2 of SIMILAR TO must be a literal", ""),
    ("SELECT STREAM ¦CHAR_TO_TIMESTAMP('yyyy EEE', S) FROM SRC", "EEE in format 'yyyy EEE' is not supported", ""),
    ("SELECT STREAM CAST(A AS ¦TEXT) FROM SRC", "type TEXT is not supported", "VARCHAR(n)"),
    ("SELECT STREAM ¦CAST(T AS DOUBLE) FROM SRC", "TIMESTAMP cannot be cast to DOUBLE", ""),
    ("SELECT STREAM ¦CASE WHEN O THEN A ELSE S END FROM SRC", "CASE mixes INTEGER and VARCHAR(8)", "use CAST"),
    ("SELECT STREAM ¦S FROM SRC", 'column "A" is INTEGER, the query gives VARCHAR(8)', "CAST(... AS INTEGER)"),
    ("¦SELECT STREAM A, B FROM SRC", 'the query gives 2 columns, "OUT" takes 1', "INSERT INTO stream (a, b)"),
    # aggregates and windows
    ("SELECT STREAM ¦COUNT(*) FROM SRC", "without a window its group never ends", "FLOOR(ROWTIME TO MINUTE)"),
    ("SELECT STREAM COUNT(*) FROM SRC GROUP BY ¦A", "no window on ROWTIME", "FLOOR(ROWTIME TO MINUTE)"),
    ("SELECT STREAM COUNT(*) FROM SRC GROUP BY ¦FLOOR(T TO MINUTE)", "no window on ROWTIME", "ROWTIME"),
    ("SELECT STREAM COUNT(*) FROM SRC GROUP BY ¦ROWTIME", "single instants", "FLOOR(ROWTIME"),
    (
        "SELECT STREAM COUNT(*) FROM SRC GROUP BY ¦FLOOR(ROWTIME TO HOUR), FLOOR(ROWTIME TO MINUTE)",
        "several windows",
        "the shortest",
    ),
    (
        "SELECT STREAM ¦B FROM SRC GROUP BY FLOOR(ROWTIME TO HOUR)",
        "neither in GROUP BY nor inside an aggregate",
        "add it",
    ),
    ("SELECT STREAM ¦* FROM SRC GROUP BY FLOOR(ROWTIME TO HOUR)", "* cannot stand in a query with groups", ""),
    ("SELECT STREAM SUM(¦COUNT(*)) FROM SRC GROUP BY FLOOR(ROWTIME TO HOUR)", "inside another", "a stream first"),
    ("SELECT STREAM ¦SUM(S) FROM SRC GROUP BY FLOOR(ROWTIME TO HOUR)", "SUM needs a number, not VARCHAR(8)", ""),
    ("SELECT STREAM ¦STDDEV(A) FROM SRC GROUP BY FLOOR(ROWTIME TO HOUR)", "STDDEV is not supported", "STDDEV_SAMP"),
    ("SELECT STREAM A FROM SRC WHERE ¦COUNT(*) > 1", "WHERE is before groups", "use HAVING"),
    ("SELECT STREAM A FROM SRC HAVING ¦A > 1", "HAVING needs GROUP BY", "use WHERE"),
    (
        (
            "SELECT STREAM COUNT(*) FROM SRC GROUP BY FLOOR(ROWTIME TO HOUR) ¦WINDOWED BY STAGGER "
            "(PARTITION BY A RANGE INTERVAL '1' MINUTE)"
        ),
        "GROUP BY and WINDOWED BY cannot stand together",
        "",
    ),
    ("SELECT STREAM COUNT(*) FROM SRC WINDOWED BY ¦SESSION (PARTITION BY A)", "STAGGER is missing", ""),
    (
        "SELECT STREAM ¦SUM(A) OVER (PARTITION BY B) FROM SRC",
        "a window without RANGE or ROWS never ends",
        "RANGE INTERVAL",
    ),
    ("SELECT STREAM ¦SUM(A) OVER (ROWS UNBOUNDED PRECEDING) FROM SRC", "from n PRECEDING to the current row", "RANGE"),
    (
        "SELECT STREAM ¦SUM(A) OVER (RANGE BETWEEN INTERVAL '2' DAY PRECEDING AND INTERVAL '1' DAY FOLLOWING) FROM SRC",
        "from n PRECEDING to the current row",
        "RANGE",
    ),
    ("SELECT STREAM SUM(A) OVER (ORDER BY ¦A ROWS 2 PRECEDING) FROM SRC", "ORDER BY in a window", "leave it out"),
    ("SELECT STREAM SUM(A) OVER ¦W FROM SRC", "there is no window W", "defines none"),
    ("SELECT STREAM ¦SUM(A) OVER (ROWS 0 PRECEDING) FROM SRC", "at least 1", "ROWS 10 PRECEDING"),
    (
        "SELECT STREAM ¦COUNT(*) OVER (ROWS 2 PRECEDING) FROM SRC GROUP BY FLOOR(ROWTIME TO HOUR)",
        "OVER cannot stand here",
        "without GROUP BY",
    ),
    ("SELECT STREAM A FROM SRC ORDER BY ¦A", "must start with its time", "ROWTIME"),
    ("SELECT STREAM A FROM SRC ORDER BY ¦ROWTIME DESC", "cannot go back in time", "leave DESC out"),
    # forests
    (f"{FOREST}, ¦0))", "numberOfTrees is 0; allowed are whole numbers from 1 to 1000", ""),
    (f"{FOREST}, ¦1001))", "numberOfTrees is 1001", ""),
    (f"{FOREST}, 10, ¦9))", "subSampleSize is 9; allowed are whole numbers from 10 to 1000", ""),
    (f"{FOREST}, 10, 256, ¦0))", "timeDecay is 0; allowed are whole numbers from 1 to 2147483647", ""),
    (f"{FOREST}, 10, 256, ¦256))", "subSampleSize 256 must be less than timeDecay 256", ""),
    (f"{FOREST}, 10, 256, 1000, ¦31))", "shingleSize is 31; allowed are whole numbers from 1 to 30", ""),
    (f"{FOREST}, ¦-1))", "numberOfTrees is -1", ""),
    (f"{FOREST}, ¦1.5))", "numberOfTrees is 1.5", ""),
    (f"{FOREST}, ¦A))", "numberOfTrees must be a literal", ""),
    (f"{FOREST}, 1, 10, 100, 1, ¦TRUE))", "takes at most 4 arguments", ""),
    (
        "SELECT STREAM A FROM TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR(SELECT STREAM A FROM SRC),1,10,99,1,¦1))",
        "withDirectionality is 1; allowed are true and false",
        "",
    ),
    (
        "SELECT STREAM A FROM TABLE(¦HOTSPOTS(CURSOR(SELECT STREAM A FROM SRC), 1))",
        "HOTSPOTS is not supported",
        "RANDOM_CUT",
    ),
    ("SELECT STREAM A FROM TABLE(RANDOM_CUT_FOREST(¦A))", "CURSOR(SELECT STREAM ...) is missing", ""),
    ("SELECT STREAM A FROM RANDOM_CUT_FOREST¦(CURSOR(SELECT STREAM A FROM SRC))", "cannot stand here", "FROM TABLE("),
    (
        "SELECT STREAM A FROM TABLE(¦RANDOM_CUT_FOREST(CURSOR(SELECT STREAM A, D FROM SRC)))",
        'column "D" is a DECIMAL, which RANDOM_CUT_FOREST does not take',
        'CAST("D" AS DOUBLE)',
    ),
    ("SELECT STREAM S FROM TABLE(¦RANDOM_CUT_FOREST(CURSOR(SELECT STREAM S FROM SRC)))", "no numeric column", ""),
    (
        f"SELECT STREAM A0 FROM TABLE(¦RANDOM_CUT_FOREST(CURSOR(SELECT STREAM {WIDE} FROM SRC)))",
        "31 numeric columns; 30 are allowed",
        "",
    ),
    (
        "SELECT STREAM A FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM A FROM SRC) PARTITION BY ¦K))",
        'the cursor has no column "K"',
        "",
    ),
    (
        "SELECT STREAM A FROM TABLE(¦RANDOM_CUT_FOREST(CURSOR(SELECT STREAM A, B AS ANOMALY_SCORE FROM SRC)))",
        'has a column "ANOMALY_SCORE" already',
        "alias",
    ),
    # syntax
    ("SELECT STREAM A + ¦FROM SRC", "an operand is missing", ""),
    ("SELECT STREAM ¦'abc FROM SRC", "is not closed", ""),
    ("SELECT STREAM A FROM SRC WHERE (A = ¦1", "Expecting )", ""),
]


@pytest.mark.parametrize(("query", "problem", "advice"), QUERIES, ids=[query for query, _, _ in QUERIES])
def test_query(query: str, problem: str, advice: str) -> None:
    text = f'CREATE STREAM "OUT" ("A" INTEGER);\nCREATE PUMP "P" AS INSERT INTO "OUT"\n  {query};\n'
    refused(text.replace("SRC", '"SOURCE_SQL_STREAM_001"'), problem, advice)


def refused(marked: str, problem: str, advice: str) -> None:
    before = marked[: marked.index("¦")]
    place = f"test.sql:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "
    with pytest.raises(SqlError) as raised:
        compile_sql(marked.replace("¦", ""), application(COLUMNS), file="test.sql")
    text = str(raised.value)
    assert problem in text
    assert advice in text.split(problem, 1)[1]
    assert text.startswith(place)


PUMP = 'CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM "A" FROM "SOURCE_SQL_STREAM_001";'
STATEMENTS = [
    ('¦SELECT STREAM "A" FROM "X"', "a statement cannot start with SELECT", "put it into a pump"),
    ('¦INSERT INTO "X" SELECT STREAM 1', "a statement cannot start with INSERT", "put it into a pump"),
    ('¦DROP STREAM "X"', "a statement cannot start with DROP", "leave the stream or pump out"),
    ('¦ALTER PUMP "X" START', "a statement cannot start with ALTER", "pumps run as soon"),
    ('CREATE ¦TABLE "X" ("A" INTEGER)', "CREATE TABLE is not supported", "reference tables"),
    ('CREATE ¦VIEW "X" AS SELECT 1', "CREATE VIEW is not supported", "a pump that fills it"),
    ('CREATE OR ¦STREAM "X" ("A" INTEGER)', "REPLACE is missing", ""),
    ('CREATE STREAM "X" ("A" ¦VARCHAR)', "VARCHAR needs a length", ""),
    ('CREATE STREAM "X" ("A" ¦TIME)', "type TIME is not supported", "use TIMESTAMP"),
    ('CREATE STREAM "X" ("A" ¦INTEGER(4))', "takes no such length", ""),
    ('CREATE STREAM "X" ("A" ¦DECIMAL(20,2))', "1 to 19 digits are allowed", ""),
    ('CREATE STREAM "X" ("A" ¦BLOB)', "type BLOB is unknown; allowed are TINYINT", ""),
    ('CREATE STREAM "X" ("A" INTEGER, ¦"A" DOUBLE)', 'column "A" is there already', ""),
    ('CREATE STREAM "X" (¦ROWTIME TIMESTAMP)', "ROWTIME is there on every stream", "leave the column out"),
    ('CREATE STREAM "X" ("A" INTEGER); CREATE STREAM ¦"X" ("A" INTEGER)', '"X" is there already', "another name"),
    ('CREATE STREAM ¦"SOURCE_SQL_STREAM_001" ("A" INTEGER)', "is there already", "another name"),
    ('CREATE STREAM ¦"error_stream" ("A" INTEGER)', "is there already", ""),
    (f'CREATE STREAM "OUT" ("A" INTEGER); {PUMP} {PUMP.replace("PUMP ", "PUMP ¦")}', 'pump "P" is there already', ""),
    ('CREATE PUMP "P" ¦STOPPED AS INSERT INTO "X" SELECT STREAM 1', "a STOPPED pump is not supported", "drop STOPPED"),
    ('CREATE PUMP "P" AS INSERT INTO ¦"X" SELECT STREAM "A" FROM "SOURCE_SQL_STREAM_001"', 'no stream "X"', ""),
    (
        'CREATE PUMP "P" AS INSERT INTO ¦"error_stream" SELECT STREAM "A" FROM "SOURCE_SQL_STREAM_001"',
        "nothing can be inserted",
        "create a stream",
    ),
    (
        (
            'CREATE STREAM "X" ("A" INTEGER, "B" INTEGER NOT NULL); CREATE PUMP "P" AS INSERT INTO ¦"X" ("A") '
            'SELECT STREAM "A" FROM "SOURCE_SQL_STREAM_001"'
        ),
        'column "B" is NOT NULL but not filled',
        "",
    ),
    (
        (
            'CREATE STREAM "X" ("A" INTEGER); CREATE STREAM "Y" ("A" INTEGER); '
            'CREATE PUMP ¦"P" AS INSERT INTO "X" SELECT STREAM "A" FROM "Y"; '
            'CREATE PUMP "Q" AS INSERT INTO "Y" SELECT STREAM "A" FROM "X"'
        ),
        "pumps feed each other in a circle",
        "",
    ),
    ("¦", "there is no statement", "write CREATE STREAM"),
    ("¦-- nothing but a comment", "there is no statement", ""),
]


@pytest.mark.parametrize(("text", "problem", "advice"), STATEMENTS, ids=[text[:70] for text, _, _ in STATEMENTS])
def test_statement(text: str, problem: str, advice: str) -> None:
    refused(text, problem, advice)


def test_an_output_must_be_a_stream() -> None:
    text = f'CREATE STREAM "OUT" ("A" INTEGER); {PUMP}'
    with pytest.raises(SchemaError, match=r'Outputs names "OTU", which test\.sql does not create; there is "OUT"'):
        compile_sql(text, application(COLUMNS, outputs=("OTU",)), file="test.sql")


def test_deep_nesting_is_refused() -> None:
    select = "(" * 3_000 + '"A"' + ")" * 3_000
    text = f'CREATE STREAM "OUT" ("A" INTEGER); CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM {select} FROM "S"'
    with pytest.raises(DeveloperError, match="nested too deeply"):
        compile_sql(text, application(COLUMNS))
