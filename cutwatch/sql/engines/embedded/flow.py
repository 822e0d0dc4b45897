"""Pumps at work: each stream's rows merged in order, every pump fed in its turn, bad rows to the error stream."""

from __future__ import annotations

from dataclasses import replace

import duckdb

from cutwatch.sql.engines.embedded.batch import END_OF_TIME, ERROR_RANK, Batch, merge, place, rowtime
from cutwatch.sql.engines.embedded.forest import RunningForest
from cutwatch.sql.engines.embedded.problems import Problem
from cutwatch.sql.engines.embedded.rowwise import RunningFilter, RunningProject
from cutwatch.sql.engines.embedded.slide import RunningSlide
from cutwatch.sql.engines.embedded.sort import RunningSort
from cutwatch.sql.engines.embedded.step import RunningStep, State
from cutwatch.sql.engines.embedded.windows import RunningAggregate
from cutwatch.sql.program import (
    ERROR_STREAM,
    Aggregate,
    Columns,
    Filter,
    Forest,
    Program,
    Project,
    Pump,
    Slide,
    Sort,
    Step,
)


class RunningPump:
    """A pump with its running steps."""

    def __init__(self, pump: Pump, columns: Columns, connection: duckdb.DuckDBPyConnection, seed: int) -> None:
        self.pump = pump
        self.steps: list[RunningStep] = []
        for number, step in enumerate(pump.steps):
            name = pump.name if number == _first_forest(pump) else f"{pump.name}#{number}"
            self.steps.append(_running(step, columns, connection, seed, name))
            columns = step.columns

    def process(self, batch: Batch, watermark: int) -> tuple[Batch, list[Problem]]:
        """Take rows through all steps."""
        problems: list[Problem] = []
        for step in self.steps:
            batch, failed = step.process(batch, watermark)
            problems += failed
        return batch, [replace(problem, pump=self.pump.name) for problem in problems]


def _first_forest(pump: Pump) -> int:
    return next((number for number, step in enumerate(pump.steps) if isinstance(step, Forest)), -1)


def _running(step: Step, columns: Columns, connection: duckdb.DuckDBPyConnection, seed: int, name: str) -> RunningStep:
    match step:
        case Filter():
            return RunningFilter(step, columns, connection)
        case Project():
            return RunningProject(step, columns, connection)
        case Aggregate():
            return RunningAggregate(step, columns, connection)
        case Slide():
            return RunningSlide(step, columns)
        case Sort():
            return RunningSort(step)
        case Forest():
            return RunningForest(step, columns, seed=seed, pump=name)


class Flow:
    """All pumps of a program."""

    def __init__(self, program: Program, connection: duckdb.DuckDBPyConnection, seed: int) -> None:
        self._program = program
        self._pumps = [RunningPump(p, program.stream(p.source).columns, connection, seed) for p in program.pumps]
        self._from_errors = _fed_by_errors(program)
        self._held: list[Problem] = []

    def run(
        self, source: str, rows: Batch, arrivals: list[Problem], watermark: int, opening: int | None
    ) -> tuple[dict[str, Batch], list[Problem]]:
        """Feed a source's rows to all pumps.

        Args:
            source: the stream that the rows are of.
            rows: the next of them, complete up to the watermark.
            arrivals: records that did not get in, since the last run.
            watermark: milliseconds.
            opening: the first watermark there was, where bad records without a place of their own belong.

        Returns:
            What every stream got, and every bad row in the order of places.
        """
        arrived: dict[str, list[Batch]] = {source: [rows]}
        merged: dict[str, Batch] = {}
        inside: list[Problem] = []
        beyond: list[Problem] = []
        for pump in self._pumps:
            name = pump.pump.source
            if name not in merged:
                bad = name == ERROR_STREAM
                merged[name] = self._errors(arrivals, inside, watermark, opening) if bad else self._merge(name, arrived)
            batch, failed = pump.process(merged[name], watermark)
            # A bad row that comes of a bad row is told, but not pumped again: it would go round for ever.
            (beyond if pump.pump.name in self._from_errors else inside).extend(failed)
            arrived.setdefault(pump.pump.target, []).append(batch)
        if ERROR_STREAM not in merged:
            self._held = []
        streams = {name: merged[name] if name in merged else self._merge(name, arrived) for name in arrived}
        return streams, sorted([*arrivals, *inside, *beyond], key=_order)

    def _merge(self, name: str, arrived: dict[str, list[Batch]]) -> Batch:
        return merge(arrived.get(name, []), len(self._program.stream(name).columns))

    def _errors(self, arrivals: list[Problem], inside: list[Problem], watermark: int, opening: int | None) -> Batch:
        """The error stream's rows that are complete; a record that did not get in waits until time goes on."""
        self._held += arrivals
        if opening is not None:
            first = place(opening, ERROR_RANK)
            self._held = [replace(problem, at=first) if problem.at is None else problem for problem in self._held]
        ready = [problem for problem in self._held if self._is_ready(problem, watermark)]
        self._held = [problem for problem in self._held if not self._is_ready(problem, watermark)]
        placed = sorted([*ready, *inside], key=_order)
        width = len(self._program.stream(ERROR_STREAM).columns)
        return Batch.of([problem.at or 0 for problem in placed], [problem.values() for problem in placed], width)

    @property
    def forests(self) -> dict[str, RunningForest]:
        """Every forest call of the program, by where it stands."""
        return {
            f"{pump.pump.name}#{number}": step
            for pump in self._pumps
            for number, step in enumerate(pump.steps)
            if isinstance(step, RunningForest)
        }

    @staticmethod
    def _is_ready(problem: Problem, watermark: int) -> bool:
        return watermark >= END_OF_TIME or (problem.at is not None and rowtime(problem.at) < watermark)

    def state(self, *, forests: bool = True) -> State:
        """What all steps remember; without `forests` these are left out, for who keeps them by themselves."""
        held = [[p.at, p.name, p.message, p.data, p.rowtime_ms, p.arrival_ms, p.pump] for p in self._held]
        none: State = {"forests": []}
        pumps = [
            [step.state() if forests or not isinstance(step, RunningForest) else none for step in pump.steps]
            for pump in self._pumps
        ]
        return {"held": held, "pumps": pumps}

    def restore(self, state: State) -> None:
        """Take it up."""
        self._held = [Problem(*fields) for fields in state["held"]]
        for pump, saved in zip(self._pumps, state["pumps"], strict=True):
            for step, step_state in zip(pump.steps, saved, strict=True):
                step.restore(step_state)


def _order(problem: Problem) -> int:
    return -(2**62) if problem.at is None else problem.at


def _fed_by_errors(program: Program) -> frozenset[str]:
    """The pumps into which rows of the error stream can get."""
    streams, pumps = {ERROR_STREAM}, set[str]()
    for pump in program.pumps:  # in order, so one pass is enough
        if pump.source in streams:
            pumps.add(pump.name)
            streams.add(pump.target)
    return frozenset(pumps)
