"""Records of several shards come out in one order in which no shard makes another's records late."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from cutwatch.runtime.alignment import ShardAligner


def opened(*shards: str) -> ShardAligner[str]:
    aligner = ShardAligner[str]()
    for shard in shards:
        aligner.open(shard)
    return aligner


def test_one_shard_is_never_held_back() -> None:
    aligner = opened("a")
    aligner.add("a", read=1, records=[(5.0, "x"), (1.0, "y"), (None, "z")])
    assert list(aligner.ready()) == [("a", "x"), ("a", "y"), ("a", "z")]


def test_nothing_comes_before_every_shard_was_asked() -> None:
    aligner = opened("a", "b")
    aligner.add("a", read=1, records=[(5.0, "x")])
    assert list(aligner.ready()) == []
    assert aligner.backlog("a") == 1


def test_shards_are_merged_by_time_and_the_slowest_sets_the_pace() -> None:
    aligner = opened("a", "b")
    aligner.add("a", read=1, records=[(1.0, "a1"), (3.0, "a3"), (9.0, "a9")])
    aligner.add("b", read=2, records=[(2.0, "b2"), (4.0, "b4")])
    assert [record for _, record in aligner.ready()] == ["a1", "b2", "a3", "b4"]
    assert aligner.waiting == 1, "a9 waits: b may go on at any time from 4"


def test_a_shard_read_to_its_end_does_not_hold_back_for_ever() -> None:
    aligner = opened("a", "b")
    aligner.add("a", read=1, records=[(9.0, "a9")])
    aligner.add("b", read=2, records=[], at_end=True)
    assert [record for _, record in aligner.ready()] == ["a9"]


def test_an_end_seen_before_a_record_was_read_says_nothing_about_it() -> None:
    """What b holds may have come after b was looked at, before a's was read: b is to be asked again."""
    aligner = opened("a", "b")
    aligner.add("b", read=1, records=[], at_end=True)
    aligner.add("a", read=2, records=[(9.0, "a9")])
    assert list(aligner.ready()) == []
    aligner.add("b", read=3, records=[(5.0, "b5")], at_end=True)
    assert [record for _, record in aligner.ready()] == ["b5"]
    aligner.add("b", read=4, records=[], at_end=True)
    assert [record for _, record in aligner.ready()] == ["a9"]


def test_empty_without_being_at_the_end_still_holds_back() -> None:
    """GetRecords may give nothing though there is more: MillisBehindLatest tells."""
    aligner = opened("a", "b")
    aligner.add("a", read=1, records=[(9.0, "a9")])
    aligner.add("b", read=2, records=[], at_end=False)
    assert list(aligner.ready()) == []


def test_a_record_without_a_time_goes_with_its_neighbours() -> None:
    aligner = opened("a", "b")
    aligner.add("a", read=1, records=[(1.0, "a1"), (None, "broken"), (8.0, "a8")])
    aligner.add("b", read=2, records=[(5.0, "b5")])
    assert [record for _, record in aligner.ready()] == ["a1", "broken", "b5"]


def test_a_closed_shard_gives_what_it_has_and_holds_nobody_back() -> None:
    aligner = opened("a", "b")
    aligner.add("a", read=1, records=[(1.0, "a1"), (9.0, "a9")])
    aligner.close("a")
    aligner.add("b", read=2, records=[(5.0, "b5"), (20.0, "b20")])
    assert [record for _, record in aligner.ready()] == ["a1", "b5", "a9", "b20"]


def test_children_of_a_split_hold_back_only_what_is_newer_than_their_parent() -> None:
    aligner = opened("parent", "other")
    aligner.add("parent", read=1, records=[(10.0, "p")], at_end=True)
    aligner.close("parent")
    aligner.open("child", after=["parent"])
    aligner.add("other", read=2, records=[(8.0, "o8"), (12.0, "o12")])
    assert [record for _, record in aligner.ready()] == ["o8", "p"]


@given(
    st.lists(st.tuples(st.integers(0, 2), st.floats(0, 10), st.integers(0, 3)), min_size=1, max_size=120),
    st.data(),
)
def test_no_record_gets_later_by_the_merge(steps: Sequence[tuple[int, float, int]], data: st.DataObject) -> None:
    """However shards are read, a record is no further behind what came out before it than it was in its shard."""
    shards = ["a", "b", "c"]
    held: dict[str, list[tuple[float, str]]] = {shard: [] for shard in shards}
    moment = 0.0
    for number, ahead, jump in steps:  # in-shard disorder of up to 10
        moment += jump
        shard = shards[number]
        held[shard].append((moment + ahead, f"{shard}{len(held[shard])}"))
    lateness = {}
    for shard in shards:
        newest = float("-inf")
        for at, name in held[shard]:
            lateness[name] = max(0.0, newest - at)
            newest = max(newest, at)
    times = {name: at for shard in shards for at, name in held[shard]}
    aligner, came, taken = opened(*shards), [], dict.fromkeys(shards, 0)
    for read in range(1, 1000):
        shard = shards[read % 3]
        count = data.draw(st.integers(0, 5)) if read < 60 else 50
        batch = held[shard][taken[shard] : taken[shard] + count]
        taken[shard] += len(batch)
        at_end = taken[shard] == len(held[shard])
        aligner.add(shard, read=read, records=batch, at_end=at_end)
        came += [name for _, name in aligner.ready()]
        if len(came) == len(times):
            break
    assert sorted(came) == sorted(times)
    newest = float("-inf")
    for name in came:
        assert newest - times[name] <= lateness[name] or newest <= times[name]
        newest = max(newest, times[name])
    for shard in shards:
        assert [name for name in came if name[0] == shard] == [name for _, name in held[shard]]
