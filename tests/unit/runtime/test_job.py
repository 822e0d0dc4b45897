"""The loop: what is written before the state is saved, what a crash repeats, how shards come together."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from cutwatch.runtime.checkpoint import Checkpoint
from cutwatch.runtime.job import Job, JobClock
from cutwatch.runtime.logs import JobLog
from cutwatch.runtime.outputs import Outputs, Route
from cutwatch.runtime.sink import OutputRecord
from cutwatch.runtime.source import FINISHED, KinesisSource
from cutwatch.sql import ERROR_STREAM, OutputRow, Record
from tests.unit.runtime.fake_kinesis import ARN, FakeKinesis

MOMENT = datetime(2020, 7, 7, tzinfo=UTC)


class EchoEngine:
    """Gives each record back as a row, remembers how many it saw, and calls `bad …` bad."""

    def __init__(self, seen: int = 0) -> None:
        self.seen = seen

    def feed(self, records: Iterable[Record]) -> list[OutputRow]:
        rows = []
        for record in records:
            self.seen += 1
            text = record.data.decode()
            stream = ERROR_STREAM if text.startswith("bad") else "OUT"
            rows.append(OutputRow(stream, MOMENT, {"TEXT": text, "SEEN": self.seen}))
        return rows

    def to_bytes(self) -> bytes:
        return str(self.seen).encode()


@dataclass
class ListSink:
    taken: list[str] = field(default_factory=list)
    fail: bool = False

    def put(self, records: Sequence[OutputRecord]) -> None:
        if self.fail:
            raise RuntimeError("the stream is gone")
        self.taken += [record.data.decode() for record in records]


@dataclass
class MemoryStore:
    location: str = "memory"
    saved: list[Checkpoint] = field(default_factory=list)

    def load(self) -> Checkpoint | None:
        return self.saved[-1] if self.saved else None

    def save(self, checkpoint: Checkpoint) -> None:
        self.saved.append(checkpoint)


@dataclass
class Bench:
    stream: FakeKinesis = field(default_factory=FakeKinesis)
    out: ListSink = field(default_factory=ListSink)
    errors: ListSink = field(default_factory=ListSink)
    store: MemoryStore = field(default_factory=MemoryStore)
    now: float = 0.0
    lines: io.StringIO = field(default_factory=io.StringIO)

    def job(self) -> Job:
        """A job as it starts: from the newest saved state."""
        saved = self.store.load()

        def encode(row: OutputRow) -> OutputRecord:
            return OutputRecord(str(row.values["TEXT"]).encode(), "k")

        positions = dict(saved.positions) if saved else {}
        job = Job(
            source=KinesisSource(self.stream, ARN, positions=positions, clock=lambda: self.now),  # type: ignore[arg-type]
            engine=EchoEngine(int(saved.engine) if saved else 0),
            outputs=Outputs({"OUT": Route(self.out, encode)}, Route(self.errors, encode)),
            store=self.store,
            log=JobLog(self.lines),
            program="p",
            event_time=lambda record: float(record.data.decode().split()[-1]),
            checkpoint_interval_seconds=10,
            positions=positions,
            counts=Counter(saved.counts if saved else {}),
            clock=JobClock(monotonic=lambda: self.now, sleep=self.sleep),
        )
        job.start()
        return job

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def events(self, name: str) -> list[dict[str, object]]:
        found = [json.loads(line) for line in self.lines.getvalue().splitlines()]
        return [event for event in found if event["event"] == name]


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.stream.add_shard("s1")
    return bench


def steps(job: Job, bench: Bench, count: int = 8) -> None:
    for _ in range(count):
        job.step()
        bench.now += 0.2


def test_a_first_state_is_saved_before_anything_is_read(bench: Bench) -> None:
    bench.job()
    assert [state.positions for state in bench.store.saved] == [{}]


def test_rows_go_out_and_are_counted(bench: Bench) -> None:
    bench.stream.put("s1", "a 1", "bad 2", "b 3")
    job = bench.job()
    steps(job, bench)
    assert (bench.out.taken, bench.errors.taken) == (["a 1", "b 3"], ["bad 2"])
    assert job.counts == {"records_in": 3, "rows_out": 2, "bad_rows": 1}


def test_the_state_is_saved_at_its_interval_and_only_when_something_came(bench: Bench) -> None:
    job = bench.job()
    bench.stream.put("s1", "a 1")
    steps(job, bench)
    assert len(bench.store.saved) == 1
    bench.now = 10.0
    steps(job, bench)
    assert len(bench.store.saved) == 2
    bench.now = 100.0
    steps(job, bench)
    assert len(bench.store.saved) == 2
    state = bench.store.saved[-1]
    assert state.positions == {"s1": bench.stream.shards["s1"].records[-1][0]}
    assert (state.engine, state.counts["records_in"], state.program) == (b"1", 1, "p")


def test_what_could_not_be_written_is_not_in_the_saved_state(bench: Bench) -> None:
    job = bench.job()
    bench.stream.put("s1", "a 1")
    bench.out.fail = True
    with pytest.raises(RuntimeError, match="gone"):
        job.step()
    bench.out.fail = False
    steps(bench.job(), bench)
    assert bench.out.taken == ["a 1"]


def test_a_crash_repeats_what_came_since_the_last_state_and_loses_nothing(bench: Bench) -> None:
    job = bench.job()
    bench.stream.put("s1", "a 1", "b 2")
    steps(job, bench)
    bench.now = 10.0
    steps(job, bench)
    bench.stream.put("s1", "c 3")
    steps(job, bench)
    bench.stream.put("s1", "d 4")
    again = bench.job()
    steps(again, bench)
    assert bench.out.taken == ["a 1", "b 2", "c 3", "c 3", "d 4"]
    assert again.counts["records_in"] == 4, "the counters go back with the state"


def test_a_stop_saves_the_state_and_a_start_goes_on_there(bench: Bench) -> None:
    bench.stream.put("s1", "a 1", "b 2")
    job = bench.job()
    rounds = iter([False, False, True])
    job.run(lambda: next(rounds))
    bench.stream.put("s1", "c 3")
    steps(bench.job(), bench)
    assert bench.out.taken == ["a 1", "b 2", "c 3"]


def test_shards_come_together_in_the_order_of_time(bench: Bench) -> None:
    bench.stream.add_shard("s2")
    bench.stream.put("s1", "a 1", "a 5", "a 9")
    bench.stream.put("s2", "b 2", "b 6")
    steps(bench.job(), bench)
    assert bench.out.taken == ["a 1", "b 2", "a 5", "b 6", "a 9"]


def test_records_that_wait_for_other_shards_are_read_again_after_a_restart(bench: Bench) -> None:
    bench.stream.add_shard("s2")
    bench.stream.page = 1
    bench.stream.put("s1", "a 1", "a 9")
    bench.stream.put("s2", "b 2", "b 3", "b 4")
    job = bench.job()
    job.step()
    job.step()
    assert "a 9" not in bench.out.taken
    job.save()
    bench.stream.page = 100
    steps(bench.job(), bench)
    assert bench.out.taken == ["a 1", "b 2", "b 3", "b 4", "a 9"]


def test_a_split_is_followed_and_remembered(bench: Bench) -> None:
    bench.stream.put("s1", "a 1")
    job = bench.job()
    steps(job, bench)
    bench.stream.put("s1", "a 2")
    bench.stream.add_shard("s2", "s1")
    bench.stream.add_shard("s3", "s1")
    bench.stream.put("s2", "b 3")
    bench.stream.put("s3", "c 4")
    steps(job, bench)
    assert bench.out.taken == ["a 1", "a 2", "b 3", "c 4"]
    assert job.positions["s1"] == FINISHED
    job.save()
    bench.stream.put("s2", "b 5")
    steps(bench.job(), bench)
    assert bench.out.taken[-1] == "b 5"
    assert len(bench.out.taken) == 5


def test_progress_is_told_once_a_second_and_only_when_there_is_some(bench: Bench) -> None:
    job = bench.job()
    bench.now = 5.0
    bench.stream.put("s1", "a 1")
    steps(job, bench, 4)
    bench.stream.put("s1", "a 2")
    steps(job, bench, 8)
    told = bench.events("progress")
    assert [event["counts"] for event in told] == [
        {"records_in": 1, "bad_rows": 0, "rows_out": 1},
        {"records_in": 2, "bad_rows": 0, "rows_out": 2},
    ]
    last = bench.stream.shards["s1"].records[-1][0]
    assert told[-1]["positions"] == {"s1": last}


def test_an_idle_loop_waits(bench: Bench) -> None:
    job = bench.job()
    rounds = iter([False] * 5 + [True])
    job.run(lambda: next(rounds))
    assert bench.now == pytest.approx(1.0)
