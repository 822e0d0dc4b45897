"""The feeder between streams and folders: every record once and in order, outputs before progress."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cutwatch.runtime.flink.feeder import Feeder, Place
from cutwatch.runtime.flink.local_state import LocalState
from cutwatch.runtime.sink import OutputRecord
from cutwatch.runtime.source import KinesisSource
from cutwatch.sql import Record
from cutwatch.sql.engines.flink.connection import output_line, parse_line
from tests.unit.runtime.fake_kinesis import ARN, FakeKinesis

SCORES, ERRORS = "arn:scores", "arn:errors"


class Kept:
    """Sinks that keep what they get, in one list."""

    def __init__(self) -> None:
        self.records: list[tuple[str, OutputRecord]] = []

    def open(self, arn: str) -> Any:
        kept = self.records

        class Sink:
            def put(self, records: Sequence[OutputRecord]) -> None:
                kept.extend((arn, record) for record in records)

        return Sink()


def second(record: Record) -> float:
    return float(json.loads(record.data)["at"])


def feeder(folder: Path, stream: Any, kept: Kept | None = None, lanes: int = 1) -> Feeder:
    def source(positions: Any) -> KinesisSource:
        return KinesisSource(stream, ARN, positions=positions, clock=lambda: 0.0)

    sinks = (kept or Kept()).open
    return Feeder(folder, source, sinks, errors_arn=ERRORS, lanes=lanes, event_time=second)


def shown(folder: Path) -> list[tuple[int, bytes]]:
    parts = sorted(path for path in (folder / "in").iterdir() if not path.name.startswith("."))
    lines = [parse_line(text) for part in parts for text in part.read_bytes().splitlines()]
    return [(number, data) for number, _, data in lines]


def stream_of(shards: int, count: int) -> FakeKinesis:
    stream = FakeKinesis(page=3)
    for shard in range(shards):
        stream.add_shard(f"s{shard}")
    for at in range(count):
        stream.put(f"s{at % shards}", json.dumps({"at": at}))
    return stream


def test_shards_come_in_the_order_of_time_numbered_without_a_gap(tmp_path: Path) -> None:
    feed = feeder(tmp_path, stream_of(3, 30))
    for _ in range(30):
        feed.step()
    found = shown(tmp_path)
    assert [number for number, _ in found] == list(range(30))
    assert [json.loads(data)["at"] for _, data in found] == list(range(30))


def test_after_a_restart_no_record_comes_twice_or_never(tmp_path: Path) -> None:
    stream = stream_of(1, 20)
    feed = feeder(tmp_path, stream)
    feed.step()
    assert 0 < len(shown(tmp_path)) < 20
    again = feeder(tmp_path, stream)
    for _ in range(20):
        again.step()
    assert [number for number, _ in shown(tmp_path)] == list(range(20))
    assert [json.loads(data)["at"] for _, data in shown(tmp_path)] == list(range(20))


def test_a_part_is_shown_after_a_crash_where_its_place_was_saved_and_only_there(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Place(next=5).save(tmp_path / "place.json")
    for first in (3, 5):
        (tmp_path / "in" / f".part-{first:012d}").write_bytes(b"")
    feeder(tmp_path, stream_of(1, 0))
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["part-000000000003"]


def test_positions_are_told_when_every_lane_has_done_them_and_outputs_are_sent(tmp_path: Path) -> None:
    stream, kept = stream_of(1, 3), Kept()
    feed = feeder(tmp_path, stream, kept, lanes=2)
    feed.step()
    assert feed.state()["positions"] == {}
    write(tmp_path, 0, output_line(SCORES, b"row", "key"), output_line("progress", b"0 3"))
    feed.send()
    assert kept.records == [(SCORES, OutputRecord(b"row", "key"))]
    assert feed.state()["positions"] == {}, "the other lane has not come so far"
    write(tmp_path, 1, output_line(ERRORS, b"bad"), output_line("progress", b"1 3"))
    feed.send()
    assert feed.state() == {
        "positions": {"s0": stream.shards["s0"].records[-1][0]},
        "counts": {"records_in": 3, "rows_out": 1, "bad_rows": 1},
    }
    assert list((tmp_path / "out").iterdir()) == []


def test_files_that_are_not_committed_are_left_alone(tmp_path: Path) -> None:
    feed = feeder(tmp_path, stream_of(1, 1))
    (tmp_path / "out" / ".part-x-0-0.inprogress").write_bytes(b"half a li")
    assert not feed.send()


def write(folder: Path, number: int, *lines: bytes) -> None:
    (folder / "out" / f"part-run-0-{number}").write_bytes(b"\n".join(lines) + b"\n")


def test_state_of_another_program_is_put_aside_and_the_place_kept(tmp_path: Path) -> None:
    first = LocalState(tmp_path / "state", "one", restore=True)
    first.feed.mkdir()
    Place(next=9, positions={"s": "4"}, done={"s": "3"}).save(first.feed / "place.json")
    (first.saved / "chk-1").mkdir()
    (first.saved / "chk-1" / "_metadata").touch()
    same = LocalState(tmp_path / "state", "one", restore=True)
    assert (same.discarded, same.newest()) == (False, first.saved / "chk-1")
    other = LocalState(tmp_path / "state", "two", restore=True)
    assert (other.discarded, other.newest()) == (True, None)
    assert vars(Place.load(other.feed / "place.json")) == vars(Place(0, {"s": "4"}, [], {"s": "3"}))
    assert LocalState(tmp_path / "state", "two", restore=False).newest() is None
