"""`python -m cutwatch sql`: files in and out, flags and exit codes."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from cutwatch.__main__ import main

KDA_SQL = Path(__file__).parents[3] / "kda_sql"
CLICKSTREAM = str(KDA_SQL / "clickstream.sql")
MINUTES = ("--stream", "MINUTES")
CLICKS = [
    ("2020-07-07T00:00:50Z", "a", "/x"),
    ("2020-07-07T00:00:10+00:00", "a", "/y"),  # rows need not be in order
    ("2020-07-07 00:02:30", "b", "/x"),  # a time without a zone is UTC
    ("2020-07-07T02:00:20+02:00", "c", "/x"),
]
EXPECTED = [
    {"TIMESTAMPS": "2020-07-07 00:00:00.000", "URLS": 2, "USERS": 2, "CLICKS": 3, "RESIDUALS": 1},
    {"TIMESTAMPS": "2020-07-07 00:02:00.000", "URLS": 1, "USERS": 1, "CLICKS": 1, "RESIDUALS": 0},
]
SILENT = {"TIMESTAMPS": "2020-07-07 00:01:00.000", "URLS": 0, "USERS": 0, "CLICKS": 0, "RESIDUALS": 0}


def jsonl(clicks: list[tuple[str, str, str]]) -> str:
    return "".join(json.dumps({"timestamp": t, "user": u, "page": p}) + "\n" for t, u, p in clicks)


def csv(clicks: list[tuple[str, str, str]], header: str = "timestamp,user,page") -> str:
    return header + "\n" + "".join(f"{t},{u},{p}\n" for t, u, p in clicks)


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> object:
    def run(*words: str) -> SimpleNamespace:
        code = main(["sql", *words])
        out, err = capfd.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return run


INPUTS = {
    "clicks.jsonl": jsonl(CLICKS).encode(),
    "clicks.jsonl.gz": gzip.compress(jsonl(CLICKS).encode()),
    "clicks": jsonl(CLICKS).encode(),
    "clicks.csv": csv(CLICKS).encode(),
    "clicks.csv.gz": gzip.compress(csv(CLICKS).encode()),
    "packed": gzip.compress(csv(CLICKS).encode()),
    "windows.csv": b"\xef\xbb\xbf" + csv(CLICKS).replace("\n", "\r\n").encode(),
    "spaced.csv": csv([(f" {t} ", f"\t{u}", f'  "{p}" ') for t, u, p in CLICKS], " timestamp , User,page ").encode(),
    "more_columns.csv": csv(
        [(t, u, f"{p},agent,200") for t, u, p in CLICKS], "timestamp,user,page,agent,code"
    ).encode(),
    "other_order.csv": csv([(p, t, u) for t, u, p in CLICKS], "page,timestamp,user").encode(),
    "semicolons.csv": csv(CLICKS).replace(",", ";").encode(),
    "blank_lines.csv": csv(CLICKS).replace("\n", "\n\n").encode(),
    "no_line_end.jsonl": jsonl(CLICKS).rstrip().encode(),
}


@pytest.mark.parametrize("name", INPUTS)
def test_every_form_of_input(name: str, tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / name
    path.write_bytes(INPUTS[name])
    result = command("run", CLICKSTREAM, "--input", str(path), *MINUTES)
    assert (result.code, rows(result.out)) == (0, EXPECTED)
    assert result.err.endswith("4 rows in, 2 rows out\n")


def test_standard_input(command, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(csv(CLICKS).encode())))
    result = command("run", CLICKSTREAM, "--input", "-", *MINUTES)
    assert (result.code, rows(result.out)) == (0, EXPECTED)


def test_renamed_columns(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "visits.csv"
    path.write_text(csv(CLICKS, "when,visitor,url"))
    names = ["--column", "timestamp=when", "--column", "user=visitor", "--column", "page=url"]
    result = command("run", CLICKSTREAM, "--input", str(path), *MINUTES, *names)
    assert (result.code, rows(result.out)) == (0, EXPECTED)
    refused = command("run", CLICKSTREAM, "--input", str(path), *MINUTES)
    assert refused.code == 2
    assert 'the header has no column "timestamp"; it has when, visitor, url; name another one with' in refused.err
    refused = command("run", CLICKSTREAM, "--input", str(path), "--column", "shop=url")
    assert refused.code == 2
    assert 'names "shop", which the InputSchema does not have; it has ROWTIME, page, timestamp, user' in refused.err
    path = tmp_path / "visits.jsonl"
    path.write_text(jsonl(CLICKS).replace('"user"', '"visitor"'))
    result = command("run", CLICKSTREAM, "--input", str(path), *MINUTES, "--column", "user=visitor")
    assert (result.code, rows(result.out)) == (0, EXPECTED)


def test_ticks(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "clicks.csv"
    path.write_text(csv(CLICKS))
    result = command("run", CLICKSTREAM, "--input", str(path), *MINUTES, "--tick-seconds", "60")
    assert (result.code, rows(result.out)) == (0, [EXPECTED[0], SILENT, EXPECTED[1]])


def test_ticks_that_cannot_be(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "clicks.csv"
    path.write_text(csv(CLICKS))
    for flags in (("--tick-seconds", "0"), ("--tick-seconds", "60", "--allowed-lateness-seconds", "5")):
        assert command("run", CLICKSTREAM, "--input", str(path), *flags).code == 4


def test_a_wrong_time_does_not_make_millions_of_ticks(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "clicks.csv"
    path.write_text(csv([*CLICKS, ("1970-01-01", "a", "/")]))
    result = command("run", CLICKSTREAM, "--input", str(path), "--tick-seconds", "60")
    assert result.code == 4
    assert "is a time wrong?" in result.err


def test_bad_rows_are_told_and_counted(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    path, errors, output = tmp_path / "clicks.csv", tmp_path / "bad.jsonl", tmp_path / "rows.jsonl.gz"
    bad = ["soon,a,/x", '2020-07-07,"open,/x', "2020-07-07 00:00:01,,/x", "\xff,,"]
    path.write_bytes((csv(CLICKS) + "\n".join(bad) + "\n").encode("latin-1"))
    options = ("--output", str(output), "--errors", str(errors))
    result = command("run", CLICKSTREAM, "--input", str(path), *MINUTES, *options)
    assert result.code == 3
    assert result.out == ""
    assert rows(gzip.decompress(output.read_bytes()).decode()) == EXPECTED
    told = rows(errors.read_text())
    assert [bytes.fromhex(str(row["DATA_ROW"])).decode("latin-1") for row in told] == bad
    assert [row["ERROR_NAME"] for row in told] == ["COERCION_ERROR", "MISSING_COLUMN", "MISSING_COLUMN", "PARSE_ERROR"]
    assert 'bad row: COERCION_ERROR: column "ROWTIME": "soon" is no TIMESTAMP: soon,a,/x' in result.err
    assert "4 rows in, 2 rows out, 4 bad rows (1 COERCION_ERROR, 2 MISSING_COLUMN, 1 PARSE_ERROR)" in result.err


def test_quoted_values_may_go_over_lines(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "clicks.csv"
    path.write_text(csv([(t, u, f'"{p}\nsecond line"') for t, u, p in CLICKS]))
    result = command("run", CLICKSTREAM, "--input", str(path), *MINUTES)
    assert (result.code, rows(result.out)) == (0, EXPECTED)


def test_rows_of_several_streams_say_which_one_they_are_of(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "clicks.jsonl"
    path.write_text(jsonl(CLICKS))
    result = command("run", CLICKSTREAM, "--input", str(path))
    assert [row["STREAM"] for row in rows(result.out)] == ["SCORES", "SCORES", "WINDOWS"]
    assert rows(result.out)[2]["CLICKS"] == 4


def test_streaming_with_a_bound_on_lateness(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "clicks.jsonl"
    path.write_text(jsonl(CLICKS))
    result = command("run", CLICKSTREAM, "--input", str(path), *MINUTES, "--allowed-lateness-seconds", "60")
    assert result.code == 3  # the last row is 130 s behind the one before it
    assert [row["CLICKS"] for row in rows(result.out)] == [2, 1]


def test_the_seed_is_heeded(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    minutes = [{"TIMESTAMPS": f"2020-07-07 {n // 60:02}:{n % 60:02}:00", "CLICKS": n * n % 17} for n in range(300)]
    path = tmp_path / "minutes.jsonl"
    path.write_text("".join(json.dumps({"URLS": 1, "USERS": 1, "RESIDUALS": 1, **row}) + "\n" for row in minutes))
    article = str(KDA_SQL / "article.sql")
    outputs = [command("run", article, "--input", str(path), "--seed", seed).out for seed in ("1", "1", "2")]
    assert outputs[0] == outputs[1] != outputs[2]
    assert len(rows(outputs[0])) == 300


def own(tmp_path: Path, columns: dict[str, str]) -> Path:
    """A program with an application of its own beside it."""
    fields = [{"Name": name, "Mapping": f"$.{name}", "SqlType": kind} for name, kind in columns.items()]
    schema = {"RecordFormat": {"RecordFormatType": "JSON"}, "RecordColumns": fields}
    (tmp_path / "application.json").write_text(json.dumps({"InputSchema": schema}))
    sql = tmp_path / "own.sql"
    select = 'SELECT STREAM ROWTIME, "V" FROM "SOURCE_SQL_STREAM_001"'
    sql.write_text(f'CREATE STREAM "OUT" ("R" TIMESTAMP, "V" INTEGER); CREATE PUMP "P" AS INSERT INTO "OUT" {select}')
    return sql


def test_event_time_of_a_file(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "rows.csv"
    path.write_text("A,B,V\n2020-07-07 00:00:02,2020-07-08,1\n2020-07-07 00:00:01,2020-07-09,2\n")
    sql = own(tmp_path, {"A": "TIMESTAMP", "V": "INTEGER"})
    result = command("run", str(sql), "--input", str(path))
    assert [(row["R"], row["V"]) for row in rows(result.out)] == [
        ("2020-07-07 00:00:01.000", 2),
        ("2020-07-07 00:00:02.000", 1),
    ]
    sql = own(tmp_path, {"A": "TIMESTAMP", "B": "TIMESTAMP", "V": "INTEGER"})
    result = command("run", str(sql), "--input", str(path))
    assert result.code == 2
    assert "columns A, B are TIMESTAMPs; say with --rowtime which is the event time" in result.err
    result = command("run", str(sql), "--input", str(path), "--rowtime", "B")
    assert [row["R"] for row in rows(result.out)] == ["2020-07-08 00:00:00.000", "2020-07-09 00:00:00.000"]
    sql = own(tmp_path, {"V": "INTEGER"})  # no time at all: rows keep their order
    assert [row["V"] for row in rows(command("run", str(sql), "--input", str(path)).out)] == [1, 2]


def test_check(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    result = command("check", CLICKSTREAM)
    assert (result.code, result.out) == (0, f"{CLICKSTREAM}: fine: 3 streams, 3 pumps, reads SOURCE_SQL_STREAM_001\n")
    wrong = tmp_path / "wrong.sql"
    wrong.write_text('CREATE STREAM "A" (X INTEGER);\nCREATE PUMP P AS INSERT INTO "A" SELECT X FROM Y;\n')
    result = command("check", str(wrong), "--application", str(KDA_SQL / "application.json"))
    assert (result.code, result.out) == (2, "")
    assert result.err == f"cutwatch sql: {wrong}:2:34: SELECT without STREAM is not supported; write SELECT STREAM\n"


def test_what_is_not_there(tmp_path: Path, command) -> None:  # type: ignore[no-untyped-def]
    sql = tmp_path / "lonely.sql"
    assert command("check", str(sql)).code == 4
    sql.write_text("CREATE STREAM A (X INTEGER);")
    result = command("check", str(sql))
    assert result.code == 2
    assert "application.json: the application description cannot be read (No such file or directory)" in result.err
    assert command("run", CLICKSTREAM, "--input", str(tmp_path / "none.csv")).code == 4
    result = command("run", CLICKSTREAM, "--input", CLICKSTREAM, "--stream", "NONE")
    assert result.code == 4
    assert 'there is no "NONE"; there are SOURCE_SQL_STREAM_001, error_stream, MINUTES' in result.err
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(csv(CLICKS * 500).encode())[:-100])
    assert command("run", CLICKSTREAM, "--input", str(cut)).code == 4
