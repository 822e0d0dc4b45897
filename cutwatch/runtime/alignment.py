"""Puts the records of several shards into one order in which none of them comes late only because of the shards. Pure.

A back-fill reads shards at different paces. Fed as read, the fastest would push event time forward and the records of
the others would be refused as late. Here a record is let through only when no shard can still hold an earlier one:
the time up to which that is certain (the watermark) is the least over all shards of the newest time read from each,
where a shard that is read to its end no longer counts.

What that guarantees: no record that comes out is further behind the newest one before it than it was in its own
shard. Proof: whatever was taken before it was no later than what then stood at the front of its shard, or, where
nothing stood there, than the newest that its shard had given.

"Read to its end" needs care, because a shard's end is only known at the moment of reading it. So every read has a
number; a shard that was found empty holds nothing back that was read before that very read began.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass
class _Lane(Generic[R]):
    """One shard: what was read from it and not yet let through."""

    waiting: deque[tuple[float, int, R]] = field(default_factory=deque)
    newest: float = float("-inf")
    empty_at: int = -1


class ShardAligner(Generic[R]):
    """Merges shards by event time, each in its own order.

    Example:
        aligner = ShardAligner[str]()
        aligner.open("shard-1"); aligner.open("shard-2")
        aligner.add("shard-1", read=1, records=[(10.0, "a"), (20.0, "b")])
        list(aligner.ready())   # nothing: shard-2 may hold something earlier
        aligner.add("shard-2", read=2, records=[(15.0, "c")])
        list(aligner.ready())   # [("shard-1", "a"), ("shard-2", "c")]
    """

    def __init__(self) -> None:
        self._lanes: dict[str, _Lane[R]] = {}

    @property
    def waiting(self) -> int:
        """How many records wait for other shards."""
        return sum(len(lane.waiting) for lane in self._lanes.values())

    def open(self, shard: str, after: Iterable[str] = ()) -> None:
        """Add a shard; `after` are its parents, before whose newest record it can hold nothing."""
        parents = [self._lanes[parent].newest for parent in after if parent in self._lanes]
        self._lanes.setdefault(shard, _Lane(newest=min(parents, default=float("-inf"))))

    def close(self, shard: str) -> None:
        """Say that nothing more will be read from a shard. What waits from it still comes."""
        self._lanes[shard].empty_at = 2**63

    def backlog(self, shard: str) -> int:
        """How many records of a shard wait for others: a reader may leave a shard that is far ahead alone."""
        return len(self._lanes[shard].waiting)

    def add(self, shard: str, *, read: int, records: Iterable[tuple[float | None, R]], at_end: bool = False) -> None:
        """Add what a read gave.

        Args:
            shard: which shard was read.
            read: number of the read, higher than that of every read begun before.
            records: event time in seconds and the record, in the shard's order; None where it has no usable time.
            at_end: whether the shard held no more.
        """
        lane = self._lanes[shard]
        got = False
        for moment, record in records:
            got = True
            if moment is not None:
                lane.newest = max(lane.newest, moment)
            lane.waiting.append((lane.newest if moment is None else moment, read, record))
        if at_end and not got:
            lane.empty_at = max(lane.empty_at, read)

    def ready(self) -> Iterator[tuple[str, R]]:
        """Give, and forget, the records that may go on, each with its shard."""
        if len(self._lanes) == 1:
            ((shard, lane),) = self._lanes.items()
            while lane.waiting:
                yield shard, lane.waiting.popleft()[2]
            return
        while True:
            filled = [(lane.waiting[0][0], shard) for shard, lane in self._lanes.items() if lane.waiting]
            if not filled:
                return
            moment, shard = min(filled)
            _, read, record = self._lanes[shard].waiting[0]
            if any(self._holds_back(lane, moment, read) for lane in self._lanes.values()):
                return
            self._lanes[shard].waiting.popleft()
            yield shard, record

    @staticmethod
    def _holds_back(lane: _Lane[R], moment: float, read: int) -> bool:
        return not lane.waiting and lane.newest < moment and lane.empty_at <= read
