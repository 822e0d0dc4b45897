"""Slide: aggregates over the rows up to each row."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from cutwatch.sql.engines.embedded.accumulators import Accumulator, accumulator
from cutwatch.sql.engines.embedded.aggregation import out_of_range
from cutwatch.sql.engines.embedded.batch import Batch, rowtime
from cutwatch.sql.engines.embedded.problems import Problem, row_problem
from cutwatch.sql.engines.embedded.step import State
from cutwatch.sql.program import Columns, Slide, SlideSpec


class _Window:
    """One window of one partition: its rows' places and arguments, oldest first, and the aggregate over them."""

    def __init__(self, spec: SlideSpec) -> None:
        self._spec = spec
        self.rows: deque[tuple[int, Any]] = deque()
        self._accumulator: Accumulator = accumulator(spec.aggregate)

    def enter(self, at: int, value: Any) -> None:
        self.rows.append((at, value))
        self._pass(value, entering=True)

    def slide_to(self, at: int) -> None:
        """Let go of what is no longer inside for a row at `at`."""
        frame = self._spec.frame
        if frame.range_ms is not None:
            oldest = rowtime(at) - frame.range_ms  # (T-length, T]
            while self.rows and rowtime(self.rows[0][0]) <= oldest:
                self._pass(self.rows.popleft()[1], entering=False)
        elif frame.rows is not None:
            while len(self.rows) > frame.rows + 1:
                self._pass(self.rows.popleft()[1], entering=False)

    def _pass(self, value: Any, *, entering: bool) -> None:
        if value is None and self._spec.aggregate.argument is not None:
            return
        (self._accumulator.enter if entering else self._accumulator.leave)(value)

    def result(self) -> Any:
        return self._accumulator.result()


class RunningSlide:
    """The windows of every partition. Rows of one time see each other in RANGE windows, so they enter together."""

    def __init__(self, step: Slide, columns: Columns) -> None:
        self._step, self._columns = step, columns
        self._windows: list[dict[tuple[Any, ...], _Window]] = [{} for _ in step.calls]

    def process(self, batch: Batch, watermark: int) -> tuple[Batch, list[Problem]]:
        """Append the aggregates; rows of a time come in one batch, so nothing has to wait."""
        results: list[list[Any]] = [[] for _ in self._step.calls]
        for peers in _peers(batch):
            for number, spec in enumerate(self._step.calls):
                results[number] += self._slide(number, spec, batch, peers)
        self._forget(watermark)
        return self._checked(Batch(batch.places, [*batch.columns, *results]))

    def _slide(self, number: int, spec: SlideSpec, batch: Batch, peers: list[int]) -> list[Any]:
        argument = spec.aggregate.argument
        values = [None if argument is None else batch.columns[argument][index] for index in peers]
        windows = [
            self._window(number, spec, tuple(batch.columns[c][index] for c in spec.partition_by)) for index in peers
        ]
        at = batch.places[peers[0]]
        results = []
        for window, value in zip(windows, values, strict=True):
            window.enter(at, value)
            window.slide_to(at)
            if spec.frame.rows is not None:
                results.append(window.result())
        return results or [window.result() for window in windows]

    def _window(self, number: int, spec: SlideSpec, key: tuple[Any, ...]) -> _Window:
        windows = self._windows[number]
        if key not in windows:
            windows[key] = _Window(spec)
        return windows[key]

    def _forget(self, watermark: int) -> None:
        """Drop partitions whose RANGE window no coming row can look into."""
        for spec, windows in zip(self._step.calls, self._windows, strict=True):
            length = spec.frame.range_ms
            if length is not None:
                for key in [
                    key for key, window in windows.items() if rowtime(window.rows[-1][0]) <= watermark - length
                ]:
                    del windows[key]

    def _checked(self, batch: Batch) -> tuple[Batch, list[Problem]]:
        problems, good = [], []
        first = len(self._columns)
        for index in range(len(batch)):
            found = (
                out_of_range(batch.columns[first + n][index], spec.aggregate) for n, spec in enumerate(self._step.calls)
            )
            if message := next(filter(None, found), ""):
                problems.append(
                    row_problem("RUNTIME_ERROR", message, batch.places[index], batch.row(index), self._columns)
                )
            else:
                good.append(index)
        return batch.take(good), problems

    def state(self) -> State:
        """The rows inside every window."""
        return {
            "windows": [
                [[list(key), [list(row) for row in window.rows]] for key, window in windows.items()]
                for windows in self._windows
            ]
        }

    def restore(self, state: State) -> None:
        """Let the same rows enter again: exact sums do not care how they came about."""
        for number, (spec, saved) in enumerate(zip(self._step.calls, state["windows"], strict=True)):
            for key, rows in saved:
                window = self._window(number, spec, tuple(key))
                for at, value in rows:
                    window.enter(at, value)


def _peers(batch: Batch) -> Iterator[list[int]]:
    for _, group in groupby(range(len(batch)), key=batch.places.__getitem__):
        yield list(group)
