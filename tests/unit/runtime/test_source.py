"""Every record of the stream is read, in the order of its shard, through splits, merges and lost iterators."""

from __future__ import annotations

import pytest

from cutwatch.errors import OperatorError
from cutwatch.runtime.source import FINISHED, KinesisSource, ShardRead
from tests.unit.runtime.fake_kinesis import ARN, FakeKinesis


def source(stream: FakeKinesis, positions: dict[str, str] | None = None, *, now: float = 0.0) -> KinesisSource:
    return KinesisSource(stream, ARN, positions=positions or {}, clock=lambda: now)  # type: ignore[arg-type]


def texts(reads: list[ShardRead]) -> dict[str, list[str]]:
    return {read.shard: [record.data.decode() for record in read.records] for read in reads}


def test_all_shards_are_found_page_by_page_and_read_from_their_oldest_record() -> None:
    stream = FakeKinesis()
    for shard in ("s1", "s2", "s3"):
        stream.add_shard(shard)
        stream.put(shard, f"{shard}-a", f"{shard}-b")
    reader = source(stream)
    assert [shard for shard, _ in reader.discover()] == ["s1", "s2", "s3"]
    assert texts(reader.read()) == {shard: [f"{shard}-a", f"{shard}-b"] for shard in ("s1", "s2", "s3")}
    assert [read.records for read in reader.read()] == [(), (), ()]


def test_reads_are_numbered_in_the_order_in_which_they_happen() -> None:
    stream = FakeKinesis()
    stream.add_shard("s1")
    stream.add_shard("s2")
    reader = source(stream)
    reader.discover()
    numbers = [read.number for _ in range(3) for read in reader.read()]
    assert numbers == sorted(set(numbers))


def test_it_goes_on_after_the_saved_positions() -> None:
    stream = FakeKinesis()
    stream.add_shard("s1")
    stream.add_shard("s2")
    stream.put("s1", "a", "b", "c")
    stream.put("s2", "x")
    position = stream.shards["s1"].records[1][0]
    reader = source(stream, {"s1": position})
    reader.discover()
    assert texts(reader.read()) == {"s1": ["c"], "s2": ["x"]}


def test_the_end_of_a_shard_is_told_only_when_nothing_is_left() -> None:
    stream = FakeKinesis(page=2)
    stream.add_shard("s1")
    stream.put("s1", "a", "b", "c")
    reader = source(stream)
    reader.discover()
    assert [read.at_end for _ in range(3) for read in reader.read()] == [False, True, True]


def test_children_of_a_split_wait_for_their_parent() -> None:
    stream = FakeKinesis(page=2)
    stream.add_shard("parent")
    stream.put("parent", "a", "b", "c")
    stream.add_shard("child-1", "parent")
    stream.add_shard("child-2", "parent")
    stream.put("child-1", "d")
    reader = source(stream)
    assert reader.discover() == [("parent", ())]
    assert texts(reader.read()) == {"parent": ["a", "b"]}
    assert reader.discover() == [], "the parent still has something"
    (last,) = reader.read()
    assert (last.closed, last.at_end) == (True, True)
    assert reader.discover() == [("child-1", ("parent",)), ("child-2", ("parent",))]
    assert texts(reader.read()) == {"child-1": ["d"], "child-2": []}


def test_the_child_of_a_merge_waits_for_both_parents() -> None:
    stream = FakeKinesis(page=1)
    for shard in ("left", "right"):
        stream.add_shard(shard)
    stream.put("left", "l")
    stream.put("right", "r1", "r2")
    stream.add_shard("whole", "left", "right")
    reader = source(stream)
    assert [shard for shard, _ in reader.discover()] == ["left", "right"]
    reader.read()
    assert reader.discover() == []
    reader.read()
    assert reader.discover() == [("whole", ("left", "right"))]


def test_a_finished_parent_stays_finished_after_a_restart() -> None:
    stream = FakeKinesis()
    stream.add_shard("parent")
    stream.put("parent", "a")
    stream.add_shard("child", "parent")
    reader = source(stream, {"parent": FINISHED})
    assert reader.discover() == [("child", ("parent",))]


def test_children_are_read_when_the_parent_is_past_its_retention() -> None:
    stream = FakeKinesis()
    stream.add_shard("parent")
    stream.add_shard("child", "parent")
    del stream.shards["parent"]
    assert source(stream).discover() == [("child", ())]


def test_a_shard_that_vanishes_while_it_is_read_ends() -> None:
    stream = FakeKinesis()
    stream.add_shard("s1")
    reader = source(stream)
    reader.discover()
    reader.read()
    del stream.shards["s1"]
    (read,) = reader.read()
    assert (read.closed, read.at_end, read.records) == (True, True, ())
    assert reader.read() == []


def test_an_expired_iterator_is_renewed_where_it_stood() -> None:
    stream = FakeKinesis()
    stream.add_shard("s1")
    stream.put("s1", "a")
    reader = source(stream)
    reader.discover()
    reader.read()
    stream.put("s1", "b")
    stream.errors.append("ExpiredIteratorException")
    assert reader.read() == []
    assert texts(reader.read()) == {"s1": ["b"]}


def test_a_throttled_shard_rests_for_a_while() -> None:
    stream, now = FakeKinesis(), [0.0]
    stream.add_shard("s1")
    stream.put("s1", "a")
    reader = KinesisSource(stream, ARN, positions={}, clock=lambda: now[0])  # type: ignore[arg-type]
    reader.discover()
    stream.errors.append("ProvisionedThroughputExceededException")
    assert reader.read() == []
    assert reader.read() == []
    now[0] = 1.0
    assert texts(reader.read()) == {"s1": ["a"]}


def test_another_error_is_told_with_shard_and_stream() -> None:
    stream = FakeKinesis()
    stream.add_shard("s1")
    reader = source(stream)
    reader.discover()
    stream.errors.append("AccessDeniedException")
    with pytest.raises(OperatorError, match=r"shard s1 of arn:aws:kinesis:.*AccessDeniedException"):
        reader.read()


def test_discovery_is_due_after_a_while() -> None:
    stream, now = FakeKinesis(), [0.0]
    reader = KinesisSource(stream, ARN, positions={}, clock=lambda: now[0], discovery_seconds=10)  # type: ignore[arg-type]
    assert reader.discovery_due()
    reader.discover()
    assert not reader.discovery_due()
    now[0] = 10.0
    assert reader.discovery_due()


def test_left_out_shards_are_not_read() -> None:
    stream = FakeKinesis()
    stream.add_shard("s1")
    stream.add_shard("s2")
    reader = source(stream)
    reader.discover()
    assert [read.shard for read in reader.read(leave_out=["s1"])] == ["s2"]
