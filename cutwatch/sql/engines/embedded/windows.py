"""Aggregate: groups of rows that end with their window, tumbling or stagger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import duckdb

from cutwatch.sql.engines.embedded.aggregation import GroupAggregator, Rows
from cutwatch.sql.engines.embedded.batch import WINDOW_RANK, Batch, place, rowtime
from cutwatch.sql.engines.embedded.problems import Problem, row_problem
from cutwatch.sql.engines.embedded.step import State
from cutwatch.sql.program import Aggregate, Columns, StaggerWindow, TumblingWindow


@dataclass
class Group:
    """A group under way: its keys (and a tumbling window's start), when it ends, which one it is, its rows so far."""

    keys: tuple[Any, ...]
    ends_ms: int
    number: int
    rows: Rows = field(default_factory=list)


class RunningAggregate:
    """Groups under way. One ends when the watermark reaches the end of its window."""

    def __init__(self, step: Aggregate, columns: Columns, connection: duckdb.DuckDBPyConnection) -> None:
        self._step = step
        self._keys = step.key_count
        self._tumbling = isinstance(step.window, TumblingWindow)
        self._length_ms = step.window.length_ms if isinstance(step.window, StaggerWindow) else step.window.size_ms
        self._aggregator = GroupAggregator(connection, step.calls, columns[self._keys :], self._keys)
        self._open: dict[tuple[Any, ...], Group] = {}
        self._ended: list[Group] = []
        self._count = 0

    def process(self, batch: Batch, watermark: int) -> tuple[Batch, list[Problem]]:
        """Put rows into their groups; give the rows of those that end."""
        self._take(batch)
        ready = self._ended + [group for group in self._open.values() if group.ends_ms <= watermark]
        if not ready:
            return Batch.empty(len(self._step.columns)), []
        self._ended = []
        self._open = {key: group for key, group in self._open.items() if group.ends_ms > watermark}
        ready.sort(key=lambda group: (group.ends_ms, group.number))
        return self._give(ready)

    def _take(self, batch: Batch) -> None:
        keys, arguments = batch.columns[: self._keys], batch.columns[self._keys :]
        rows = zip(*arguments, strict=True) if arguments else (() for _ in batch.places)
        parts = zip(*keys, strict=True) if keys else (() for _ in batch.places)
        tumbling, length_ms, groups = self._tumbling, self._length_ms, self._open
        for at, part, row in zip(batch.places, parts, rows, strict=True):
            time = rowtime(at)
            start = time - time % length_ms if tumbling else time
            key = (*part, start) if tumbling else part
            group = groups.get(key)
            if group is None or time >= group.ends_ms:
                if group is not None:
                    self._ended.append(group)
                group = groups[key] = Group(key, start + length_ms, self._count)
                self._count += 1
            group.rows.append(row)

    def _give(self, ready: list[Group]) -> tuple[Batch, list[Problem]]:
        places, rows, problems = [], [], []
        for group, result in zip(ready, self._aggregator.run([group.rows for group in ready]), strict=True):
            at = place(group.ends_ms, WINDOW_RANK)
            if isinstance(result, str):
                problems.append(row_problem("RUNTIME_ERROR", result, at, group.keys, self._step.columns))
            else:
                places.append(at)
                rows.append((*group.keys, *result))
        return Batch.of(places, rows, len(self._step.columns)), problems

    def state(self) -> State:
        """The groups under way."""
        return {
            "count": self._count,
            "groups": [[list(g.keys), g.ends_ms, g.number, [list(row) for row in g.rows]] for g in self._open.values()],
        }

    def restore(self, state: State) -> None:
        """Take them up."""
        self._count = state["count"]
        groups = [
            Group(tuple(keys), ends, number, [tuple(row) for row in rows])
            for keys, ends, number, rows in state["groups"]
        ]
        self._open = {group.keys: group for group in groups}
