"""Rows on their way through a pump: columns of plain Python values, and each row's place in time.

A place is a whole number that orders rows of all streams in one way, however the input was cut into batches:
`4 · milliseconds + rank`. The rank parts rows of one millisecond: what a window that ends then gives, bad records that
came in then, and the rows of that time itself.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WINDOW_RANK, ERROR_RANK, ROW_RANK = 0, 1, 2
_RANKS = 4

START_OF_TIME = -(2**50)
END_OF_TIME = 2**50

Values = Sequence[Any]


def place(milliseconds: int, rank: int) -> int:
    """The place of a row."""
    return milliseconds * _RANKS + rank


def rowtime(at: int) -> int:
    """The milliseconds of a place."""
    return at // _RANKS


@dataclass(frozen=True)
class Batch:
    """Rows in the order of their places; `columns` are as many as the step before gives, each as long as `places`."""

    places: list[int]
    columns: list[list[Any]]

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def of(cls, places: Iterable[int], rows: Iterable[Values], width: int) -> Batch:
        """A batch from rows."""
        columns = [list(column) for column in zip(*rows, strict=True)]
        return cls(list(places), columns or [[] for _ in range(width)])

    @classmethod
    def empty(cls, width: int) -> Batch:
        """A batch without rows."""
        return cls([], [[] for _ in range(width)])

    def row(self, index: int) -> list[Any]:
        """One row's values."""
        return [column[index] for column in self.columns]

    def take(self, indexes: Sequence[int]) -> Batch:
        """Some of the rows; `indexes` rise."""
        if len(indexes) == len(self.places):
            return self
        return Batch([self.places[i] for i in indexes], [[column[i] for i in indexes] for column in self.columns])

    def width(self, count: int) -> Batch:
        """The first columns."""
        return self if count == len(self.columns) else Batch(self.places, self.columns[:count])


def merge(batches: Sequence[Batch], width: int) -> Batch:
    """Rows of several batches in the order of their places; those of one place in the order of the batches."""
    filled = [batch for batch in batches if len(batch)]
    if len(filled) < 2:
        return filled[0] if filled else Batch.empty(width)
    entries = [[(at, number, index) for index, at in enumerate(batch.places)] for number, batch in enumerate(filled)]
    order = list(heapq.merge(*entries))
    columns = [[filled[number].columns[c][index] for _, number, index in order] for c in range(width)]
    return Batch([at for at, _, _ in order], columns)
