"""People's exports are messy; what cannot be read is said in one sentence with its line."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from cutwatch.clickstream.clicks import Clicks, events, from_ms
from cutwatch.clickstream.files import create
from cutwatch.clickstream.generator import generate
from cutwatch.clickstream.labels import as_labels, read_labels, write_labels
from cutwatch.clickstream.reading import ColumnNames, read_clicks
from cutwatch.clickstream.rows import count_rows
from cutwatch.clickstream.scenario import Fault, Scenario
from cutwatch.errors import DataError, OperatorError


def told(clicks: Clicks) -> list[tuple[str, str, str]]:
    rows = zip(clicks.time_ms.tolist(), clicks.user.tolist(), clicks.page.tolist(), strict=True)
    return [(f"{from_ms(at):%H:%M:%S}", clicks.user_name(user), clicks.page_name(page)) for at, user, page in rows]


MESSY = """\ufeff page , junk,timestamp ,user
 /b, x,2020-07-15T12:00:00+02:00 , ann

/a,"x, y",2020-07-15 09:59:30,  bob
/a,,2020-07-15T10:00:30.250Z,ann
"""
WANTED = [("09:59:30", "bob", "/a"), ("10:00:00", "ann", "/b"), ("10:00:30", "ann", "/a")]


@pytest.mark.parametrize("packed", [False, True])
def test_messy_csv_goes_through(tmp_path: Path, packed: bool) -> None:
    path = tmp_path / "clicks.csv"
    path.write_bytes(gzip.compress(MESSY.encode()) if packed else MESSY.encode())

    clicks = read_clicks(str(path))

    assert told(clicks) == WANTED
    assert clicks.start == datetime(2020, 7, 15, 9, 59, tzinfo=UTC)
    assert clicks.end == datetime(2020, 7, 15, 10, 1, tzinfo=UTC)


def test_json_lines_with_ticks_and_other_names(tmp_path: Path) -> None:
    path = tmp_path / "clicks.jsonl"
    rows = [
        {"when": "2020-07-15T10:00:30Z", "who": 7, "what": " /a "},
        {"when": "2020-07-15T10:05:00Z"},
        {"when": "2020-07-15T09:58:00", "who": None, "what": None},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))

    clicks = read_clicks(str(path), names=ColumnNames("when", "who", "what"))

    assert told(clicks) == [("10:00:30", "7", "/a")]
    assert clicks.start == datetime(2020, 7, 15, 9, 58, tzinfo=UTC)
    assert clicks.end == datetime(2020, 7, 15, 10, 5, tzinfo=UTC)


def test_parquet(tmp_path: Path) -> None:
    path = tmp_path / "clicks.parquet"
    rows = ", ".join(f"(TIMESTAMP '2020-07-15 {at}', '{user}', '{page}')" for at, user, page in WANTED)
    table = f'(SELECT * FROM (VALUES {rows}) AS t(timestamp, "user", page))'
    duckdb.execute(f"COPY {table} TO '{path}' (FORMAT parquet)")

    assert told(read_clicks(str(path))) == WANTED


def test_access_logs_in_both_formats(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_text(
        '10.0.0.1 - - [15/Jul/2020:12:00:00 +0200] "GET /b?x=1 HTTP/1.1" 200 2326\n'
        '10.0.0.1 - - [15/Jul/2020:09:59:30 +0000] "GET /a HTTP/1.1" 200 - "http://x/" "Agent \\"7\\""\n'
        '10.0.0.1 - ann [15/Jul/2020:10:00:30 +0000] "POST /a HTTP/1.1" 304 0 "-" "-"\n'
    )

    clicks = read_clicks(str(path), file_format="combined")

    assert told(clicks) == [
        ("09:59:30", '10.0.0.1 Agent \\"7\\"', "/a"),
        ("10:00:00", "10.0.0.1", "/b"),
        ("10:00:30", "ann", "/a"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.csv", "", "a.csv: the file is empty; allowed: JSON Lines, or CSV with a header"),
        ("a.csv", "timestamp,user\n", "a.csv, line 1: no column 'page' among timestamp, user; wanted: timestamp"),
        ("a.csv", "timestamp,user,page\n\nnoon,a,/b\n", "a.csv, line 3: 'noon' is no time; allowed: an ISO-8601 time"),
        ("a.csv", "timestamp,user,page\n2020-07-15,a\n", "a.csv, line 2: 2 values; the header has 3"),
        ("a.csv", "timestamp,user,page\n", "a.csv: there are no clicks in it"),
        ("a.jsonl", '{"timestamp":\n', "a.jsonl, line 1: '{\"timestamp\":' is not JSON"),
        ("a.jsonl", '{"user":"a","page":"b"}\n', "a.jsonl, line 1: there is no 'timestamp'; wanted: timestamp"),
        ("a.jsonl", '{"timestamp":"2020-07-15","page":"b"}', "a.jsonl, line 1: there is no 'user'; wanted"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(DataError) as refused:
        read_clicks(str(path))

    assert str(refused.value).replace(f"{tmp_path}/", "").startswith(says)
    assert "\n" not in str(refused.value)


def test_broken_files_are_refused(tmp_path: Path) -> None:
    torn = tmp_path / "torn.csv.gz"
    torn.write_bytes(gzip.compress(MESSY.encode())[:-9])
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    log = tmp_path / "access.log"
    log.write_text("what is this\n")

    with pytest.raises(DataError, match=r"torn\.csv\.gz: .*allowed: UTF-8 text"):
        read_clicks(str(torn))
    with pytest.raises(DataError, match=r"binary\.csv: .*allowed: UTF-8 text"):
        read_clicks(str(binary))
    with pytest.raises(DataError, match=r"access\.log, line 1: 'what is this' is not in the common or combined"):
        read_clicks(str(log), file_format="combined")
    with pytest.raises(OperatorError, match=r"none\.csv: No such file"):
        read_clicks(str(tmp_path / "none.csv"))


def test_generated_clicks_survive_a_file(tmp_path: Path) -> None:
    scenario = Scenario(seed=2, days=1, clicks_per_minute=10)
    path = tmp_path / "clicks.jsonl.gz"
    with create(str(path)) as file:
        file.writelines(event.data + b"\n" for event in events(generate(scenario)))

    assert count_rows([read_clicks(str(path))]).values.tolist() == count_rows(generate(scenario)).values.tolist()


def test_labels_survive_a_file(tmp_path: Path) -> None:
    fault = Fault(datetime(2020, 7, 15, 10, 10, tzinfo=UTC), datetime(2020, 7, 15, 11, 20, tzinfo=UTC), "program")
    path = tmp_path / "labels.csv"
    write_labels(str(path), [fault])

    assert path.read_text() == "start,end,kind\n2020-07-15T10:10:00Z,2020-07-15T11:20:00Z,program\n"
    assert read_labels(str(path)) == as_labels([fault])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("begin,end\n", "line 1: there is no column 'start'"),
        ("start,end,kind\n2020-07-15,2020-07-14,x\n", "line 2: the end is not after the start"),
        ("start,end,kind\n\n2020-07-15,noon,x\n", "line 3: Invalid isoformat string: 'noon'"),
    ],
)
def test_bad_labels_are_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)

    with pytest.raises(DataError, match=says):
        read_labels(str(path))
