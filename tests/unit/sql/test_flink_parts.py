"""The Flink engine's own parts, without Flink: orders, lanes, and states that go on exactly."""

from __future__ import annotations

import pickle
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwatch.sql import OutputRow
from cutwatch.sql.decoding import record_decoder
from cutwatch.sql.engines.flink.connection import FolderConnection, KinesisConnection, line, parse_line
from cutwatch.sql.engines.flink.connection import output_line as out
from cutwatch.sql.engines.flink.connection import parse_output_line as parse_out
from cutwatch.sql.engines.flink.intake import LaneIntake
from cutwatch.sql.engines.flink.lane import Lane, SavedForest
from cutwatch.sql.engines.flink.lanes import LANES, key_group, lane_keys, lane_of, partition_column
from cutwatch.sql.engines.flink.order import END, ArrivalOrder, Arrived, NumberOrder
from cutwatch.sql.engines.flink.spec import EngineSpec
from tests.unit.sql import test_invariance as whole
from tests.unit.sql.programs import compiled, pump

SOURCE = "SOURCE_SQL_STREAM_001"


def arrived(order: int, data: bytes = b"") -> Arrived:
    return Arrived(order, None, data, [])


@given(st.permutations(range(20)), st.randoms(use_true_random=False))
def test_numbered_records_come_in_their_order_once(numbers: list[int], rng: random.Random) -> None:
    order, got = NumberOrder(), []
    repeated = [*numbers, *rng.sample(numbers, 5)]
    for number in repeated:
        order.add([arrived(number)])
        got += [record.order for record in order.take(0, quiet=False)]
    assert got == list(range(20))
    assert len(order) == 0


def test_at_the_end_of_the_input_a_gap_holds_nothing_back() -> None:
    order = NumberOrder()
    order.add([arrived(3), arrived(1)])
    assert order.take(0, quiet=True) == []
    assert [record.order for record in order.take(END, quiet=False)] == [1, 3]


@given(st.lists(st.integers(0, 50), max_size=40), st.integers(1, 7), st.randoms(use_true_random=False))
def test_shards_read_at_any_pace_come_in_the_order_of_arrival(
    times: list[int], shards: int, rng: random.Random
) -> None:
    """Flink's watermark is the least over the shards of what each has given; a shard at its end holds nothing back."""
    lanes = [sorted(times[shard::shards]) for shard in range(shards)]
    read = [0] * shards
    order, got = ArrivalOrder(), []
    while left := [shard for shard in range(shards) if read[shard] < len(lanes[shard])]:
        shard = rng.choice(left)
        count = rng.randint(1, 5)
        order.add(arrived(time) for time in lanes[shard][read[shard] : read[shard] + count])
        read[shard] += count
        marks = [lane[at - 1] - 1 if at else -1 for lane, at in zip(lanes, read, strict=True) if at < len(lane)]
        got += [record.order for record in order.take(min(marks, default=END), quiet=False)]
    got += [record.order for record in order.take(END, quiet=False)]
    assert got == sorted(times)


def test_when_all_is_quiet_nothing_is_held_back() -> None:
    order = ArrivalOrder()
    order.add([arrived(7), arrived(5)])
    assert order.take(4, quiet=False) == []
    assert [record.order for record in order.take(4, quiet=True)] == [5, 7]


def test_key_groups_are_those_of_flink() -> None:
    """Values of KeyGroupRangeAssignment.assignToKeyGroup(Integer, 128)."""
    numbers = (0, 1, 2, 3, 41, 1000, 123456, 2**31 - 1)
    assert [key_group(number) for number in numbers] == [94, 86, 127, 113, 62, 7, 48, 62]


@pytest.mark.parametrize("slots", [1, 2, 3, 4, 8, 16])
def test_slots_get_about_as_many_lanes_each(slots: int) -> None:
    groups = [key_group(key) * slots // 128 for key in lane_keys()]
    counts = [groups.count(slot) for slot in range(slots)]
    assert sum(counts) == LANES
    assert max(counts) - min(counts) <= 1


def test_many_keys_fill_all_lanes_evenly() -> None:
    counts = [0] * LANES
    for number in range(10_000):
        counts[lane_of(f"key-{number}")] += 1
    assert min(counts) > 500


MINUTE = f'FLOOR("{SOURCE}".ROWTIME TO MINUTE)'


@pytest.mark.parametrize(
    ("select", "columns", "column"),
    [
        (f'"K", COUNT(*) FROM "{SOURCE}" GROUP BY "K", {MINUTE}', '"K" VARCHAR(4), "N" BIGINT', 0),
        (f'COUNT(*) FROM "{SOURCE}" GROUP BY "X", {MINUTE}', '"N" BIGINT', 1),
        (f'COUNT(*) FROM "{SOURCE}" GROUP BY {MINUTE}', '"N" BIGINT', None),
        (f'"X" FROM "{SOURCE}"', '"X" DOUBLE', None),
        (f'"X" FROM "{SOURCE}" ORDER BY {MINUTE}, "X"', '"X" DOUBLE', None),
        ('COUNT(*) FROM "error_stream" GROUP BY "ERROR_NAME", FLOOR(ROWTIME TO MINUTE)', '"N" BIGINT', None),
    ],
)
def test_the_column_by_which_a_program_spreads(select: str, columns: str, column: int | None) -> None:
    program, _ = compiled(pump(f"SELECT STREAM {select}", columns), whole.COLUMNS)
    assert partition_column(program, SOURCE) == column


def test_lines_carry_any_bytes() -> None:
    data = bytes(range(256))
    assert parse_line(line(7, 8, data).rstrip(b"\n")) == (7, 8, data)
    assert parse_line(line(7, None, b"").rstrip(b"\n")) == (7, None, b"")
    assert parse_out(out("arn:aws:x", data, "clé")) == ("arn:aws:x", data, "clé")


def test_what_connects_is_told_in_one_place() -> None:
    arn = "arn:aws:kinesis:eu-west-1:123456789012:stream/"
    on_aws = KinesisConnection(f"{arn}clicks", {"scores": f"{arn}scores"}, "eu-west-1")
    assert on_aws.sinks()["scores"] == {
        "connector": "kinesis", "stream.arn": f"{arn}scores", "aws.region": "eu-west-1", "format": "raw",
        "aws.credentials.provider": "AUTO", "sink.flush-buffer.timeout": "500", "sink.fail-on-error": "true",
    }  # fmt: skip
    local = replace(on_aws, endpoint_url="http://127.0.0.1:4566", credentials=("test", "secret"))
    assert local.sinks()["scores"]["aws.endpoint"] == "http://127.0.0.1:4566"
    assert local.sinks()["scores"]["aws.credentials.provider"] == "BASIC"
    assert "secret" not in repr(local)
    assert FolderConnection.numbered
    assert not on_aws.numbered


SPEC = EngineSpec(whole.PROGRAM, whole.APPLICATION, 3, 8.0, streams=whole.STREAMS, forest_rows=15)


def decoded(seed: int, count: int) -> list[Arrived]:
    decoder = record_decoder(whole.APPLICATION.input.schema)
    return [Arrived(n, None, r.data, decoder.decode(r.data)) for n, r in enumerate(whole.records(seed, count))]


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 1_000), st.sets(st.integers(1, 14), max_size=3))
def test_intake_and_lane_go_on_from_their_states_exactly(seed: int, restarts: set[int]) -> None:
    elements = decoded(seed, 300)

    def run(*, cut: bool) -> list[OutputRow]:
        intake, lane, rows = LaneIntake(SPEC), Lane(SPEC), list[OutputRow]()
        kept: dict[bytes, SavedForest] = {}
        for number, first in enumerate(range(0, len(elements), 20)):
            intake.add(elements[first : first + 20])
            for _, work in intake.flush(0):
                rows += lane.run(work)
            if cut and number in restarts:
                saved = pickle.dumps((intake.state(), lane.state()))
                kept |= lane.changed_forests()
                forests = pickle.loads(pickle.dumps(kept))
                intake, lane = LaneIntake(SPEC), Lane(SPEC)
                intake_state, lane_state = pickle.loads(saved)
                intake.restore(intake_state)
                lane.restore(lane_state, forests)
                kept = forests
        for _, work in intake.flush(END):
            rows += lane.run(work)
        return rows

    assert run(cut=True) == run(cut=False)
