"""`judge` and `backtest` as people call them."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cutwatch.__main__ import main
from cutwatch.clickstream.row_files import read_rows
from cutwatch.clickstream.rows import count_rows
from cutwatch.clickstream.scoring import score_records
from cutwatch.errors import DataError

START = datetime(2020, 7, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of clicks with labels, the same as rows, and three settings."""
    folder = tmp_path_factory.mktemp("judge")
    words = ["generate", "--days", "2", "--seed", "4", "--faults-per-day", "0"]
    assert main([*words, "--output", str(folder / "clicks.jsonl.gz"), "--labels", str(folder / "labels.csv")]) == 0
    from cutwatch.clickstream.reading import read_clicks

    rows = count_rows([read_clicks(str(folder / "clicks.jsonl.gz"))])
    lines = [
        "TIMESTAMPS,CLICKS",
        *(f"{rows.time(at):%Y-%m-%d %H:%M:%S},{n:g}" for at, n in enumerate(rows.column("CLICKS"))),
    ]
    (folder / "rows.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (folder / "records.jsonl").write_text("\n".join(record.to_json() for record in score_records(rows)))
    (folder / "a.json").write_text("{}")
    (folder / "b.json").write_text('{"faults": ["gone"]}')
    (folder / "bad.json").write_text('{"fault": []}')
    return folder


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0
    return capsys.readouterr().out


def test_clicks_with_labels_as_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--clicks", str(files / "clicks.jsonl.gz"), "--labels", str(files / "labels.csv"), "--json"]
    result = json.loads(told(capsys, "judge", *words))

    assert [fault["kind"] for fault in result["faults"]] == ["program", "system"]
    assert all(fault["found"] and fault["delay_minutes"] <= 5 for fault in result["faults"])
    assert [fault["leading_column"] for fault in result["faults"]] == ["RESIDUALS", "CLICKS"]
    assert result["false_incidents"] == []


def test_settings_side_by_side(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = [str(files / "a.json"), str(files / "b.json")]
    words = ["--clicks", str(files / "clicks.jsonl.gz"), "--labels", str(files / "labels.csv")]

    table = told(capsys, "judge", *settings, *words)
    result = json.loads(told(capsys, "judge", *settings, *words, "--json"))

    assert [sum(fault["found"] for fault in result[name]["faults"]) for name in settings] == [2, 1]
    assert "MISSED" in table
    assert "2 of 2" in table
    assert "1 of 2" in table


def test_rows_with_a_count_alone(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--rows", str(files / "rows.csv.gz"), "--labels", str(files / "labels.csv"), "--json"]
    result = json.loads(told(capsys, "judge", *words))

    assert [fault["found"] for fault in result["faults"]] == [False, True]
    assert result["faults"][1]["leading_column"] == "CLICKS"


def test_without_labels_the_incidents_are_listed(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = told(capsys, "judge", "--input", str(files / "records.jsonl"))

    assert "2 incidents" in table
    assert "RESIDUALS HIGH" in table


def test_backtest_says_why_and_what_other_settings_change(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clicks = str(files / "clicks.jsonl.gz")

    lines = told(capsys, "backtest", "--input", clicks).splitlines()
    assert lines[0].startswith("2020-07-08 program fault (medium): RESIDUALS ")
    assert lines[1].startswith("2020-07-08 system fault (medium): CLICKS 0, expected ")
    assert lines[-1] == "2 incidents, 4 notices"

    changed = told(capsys, "backtest", "--input", clicks, "--diff", str(files / "b.json")).splitlines()
    assert changed[0].startswith("- 2020-07-08 program fault")
    assert changed[1].startswith("  2020-07-08 system fault")
    assert changed[2:] == ["1 incidents less, 0 more, 1 in both", "notices: 4 before, 2 after"]

    plain = json.loads(told(capsys, "backtest", "--input", clicks, "--diff", str(files / "b.json"), "--json"))
    assert [len(plain[key]) for key in ("only_first", "only_second", "both")] == [1, 0, 1]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["judge", "bad.json"], 4, "bad.json: detection settings: fault is []; allowed: no such key, but detectors"),
        (["judge", "none.json"], 4, "none.json: No such file or directory"),
        (
            ["judge", "--rows", "labels.csv"],
            3,
            "labels.csv, line 1: there is no column TIMESTAMPS among start, end, kind",
        ),
        (["judge", "--nab", "."], 4, "neither combined_windows.json nor labels.json can be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    files: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: int,
    says: str,
) -> None:
    monkeypatch.chdir(files)

    assert main(words) == code
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_rows_are_sorted_and_gaps_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "TIMESTAMPS,USERS,CLICKS,ANOMALY_SCORE\n"
        "2020-07-07T00:10Z,1,3,0.5\n2020-07-07 00:05,,2,0\n2020-07-07 00:20,1,1,1\n"
    )

    rows = read_rows(str(path))
    records = list(score_records(rows))

    assert rows.window_seconds == 450
    assert [one.window_start - START for one in records] == [timedelta(minutes=at) for at in (5, 10, 20)]
    assert records[0].values == {"CLICKS": 2.0}
    assert [one.score for one in records] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("TIMESTAMPS\n2020-07-07\n", "line 1: there is no column to judge"),
        ("TIMESTAMPS,CLICKS\nnoon,1\n", "line 2: 'noon' is no time"),
        ("TIMESTAMPS,CLICKS\n2020-07-07,many\n", "line 2: CLICKS is 'many'; allowed: a number, or nothing"),
        ("TIMESTAMPS,CLICKS\n2020-07-07\n", "line 2: 1 values; the header has 2"),
        ("TIMESTAMPS,CLICKS\n", "there are no rows in it"),
    ],
)
def test_bad_rows_are_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text)

    with pytest.raises(DataError, match=says):
        read_rows(str(path))


def test_nab_corpus_in_both_layouts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    times = [START + timedelta(minutes=5 * row) for row in range(1200)]
    data = "timestamp,value\n" + "".join(
        f"{at:%Y-%m-%d %H:%M:%S},{9 if row == 900 else row % 7 / 10}\n" for row, at in enumerate(times)
    )
    labels = json.dumps({"g/a.csv": [[str(times[890])[:19], str(times[930])[:19]]], "g/b.csv": []})
    for root, names, where in (
        (tmp_path / "x", "data/g/{}.csv", "labels/combined_windows.json"),
        (tmp_path / "y", "g__{}.csv", "labels.json"),
    ):
        for name in "ab":
            file = root / names.format(name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(data if name == "a" else data.replace(",9\n", ",0.4\n"))
        (root / where).parent.mkdir(parents=True, exist_ok=True)
        (root / where).write_text(labels)

        result = json.loads(told(capsys, "judge", "--nab", str(root), "--json"))

        assert result["standard"]["found"] == 1
        assert result["standard"]["false"] == 0
        assert result["standard"]["score"] > 90
