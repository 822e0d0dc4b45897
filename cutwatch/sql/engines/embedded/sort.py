"""Sort: rows of one unit of time in the order of their keys."""

from __future__ import annotations

from typing import Any

from cutwatch.sql.engines.embedded.batch import WINDOW_RANK, Batch, place, rowtime
from cutwatch.sql.engines.embedded.problems import Problem
from cutwatch.sql.engines.embedded.step import State
from cutwatch.sql.program import Sort, SortKey


class RunningSort:
    """Rows of the units under way."""

    def __init__(self, step: Sort) -> None:
        self._step = step
        self._width = len(step.columns)
        self._waiting: dict[int, list[list[Any]]] = {}

    def process(self, batch: Batch, watermark: int) -> tuple[Batch, list[Problem]]:
        """Give each unit's rows, sorted, when it is over."""
        for index, at in enumerate(batch.places):
            self._waiting.setdefault(self._unit(at), []).append(batch.row(index))
        ready = sorted(at for at in self._waiting if self._step.unit_ms is None or rowtime(at) <= watermark)
        places, rows = [], []
        for at in ready:
            sorted_rows = self._sorted(self._waiting.pop(at))
            rows += [row[: self._width] for row in sorted_rows]
            places += [at] * len(sorted_rows)
        return Batch.of(places, rows, self._width), []

    def _unit(self, at: int) -> int:
        """The place where a row comes out: at the end of its unit, or its own."""
        unit_ms = self._step.unit_ms
        if unit_ms is None:
            return at
        time = rowtime(at)
        return place(time - time % unit_ms + unit_ms, WINDOW_RANK)

    def _sorted(self, rows: list[list[Any]]) -> list[list[Any]]:
        for key in reversed(self._step.keys):  # the sort is stable, so the last key goes first
            rows.sort(key=lambda row, key=key: _rank(row[key.index], key), reverse=key.descending)  # type: ignore[misc]
        return rows

    def state(self) -> State:
        """The rows that wait."""
        return {"waiting": [[at, rows] for at, rows in self._waiting.items()]}

    def restore(self, state: State) -> None:
        """Take them up."""
        self._waiting = dict(state["waiting"])


def _rank(value: Any, key: SortKey) -> tuple[bool, Any]:
    """NULLs before or after all values; which end that is turns round with the direction."""
    nulls_low = key.nulls_first != key.descending
    return ((value is not None) == nulls_low, 0 if value is None else value)
