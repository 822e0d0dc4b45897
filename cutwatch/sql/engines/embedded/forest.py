"""Forest: RANDOM_CUT_FOREST in process, one forest or one per key."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutwatch.forest import RandomCutForest
from cutwatch.forest.explanation import format_explanation
from cutwatch.sql.engines.embedded.batch import Batch
from cutwatch.sql.engines.embedded.problems import Problem, row_problem
from cutwatch.sql.engines.embedded.step import State
from cutwatch.sql.program import Columns, Forest

MAX_FORESTS = 10_000
"""Keys beyond so many are refused: each holds a forest in memory, and a key that is never the same would eat it all."""
MAX_VALUE = 1e304
"""Beyond it distances between values are no numbers any more."""


def forest_seed(seed: int, pump: str, key: Any) -> int:
    """The seed of one forest: from the engine's, so that no two forests of a program draw the same numbers."""
    text = f"{seed}\0{pump}\0{type(key).__name__}\0{key}"
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


class RunningForest:
    """The forests of one call. Rows with a missing value never reach a model.

    Attributes:
        learned: told each key and the rows that its forest just learned, for who keeps their state by themselves.
    """

    def __init__(self, step: Forest, columns: Columns, *, seed: int, pump: str) -> None:
        self._step, self._columns = step, columns
        self._seed, self._pump = seed, pump
        self._names = [columns[index].name for index in step.scored]
        self._forests: dict[Any, RandomCutForest] = {}
        self._seen: dict[Any, int] = {}
        self.learned: Callable[[Any, NDArray[np.float64]], None] | None = None

    def process(self, batch: Batch, watermark: int) -> tuple[Batch, list[Problem]]:  # noqa: ARG002
        """Append the score (and explanation) to every row, key by key, rows of a key in their order."""
        good, problems = self._good(batch)
        appended: list[list[Any]] = [[None] * len(batch) for _ in range(1 + self._step.explained)]
        for key, indexes in self._by_key(batch, good).items():
            if key not in self._forests and len(self._forests) >= MAX_FORESTS:
                problems += [
                    self._problem(batch, i, f"there are {MAX_FORESTS} forests already, one per key") for i in indexes
                ]
                good = sorted(set(good).difference(indexes))
            else:
                self._score(key, batch, indexes, appended)
        problems.sort(key=lambda problem: problem.at or 0)
        return Batch(batch.places, [*batch.columns, *appended]).take(good), problems

    def _good(self, batch: Batch) -> tuple[list[int], list[Problem]]:
        good, problems = [], []
        scored = [batch.columns[index] for index in self._step.scored]
        for index, values in enumerate(zip(*scored, strict=True)):
            message = ""
            for name, value in zip(self._names, values, strict=True):
                if value is None:
                    message = f'column "{name}" is missing; the forest needs a number in every record'
                elif not -MAX_VALUE <= value <= MAX_VALUE:
                    message = f'column "{name}" is not a finite number up to 1e304'
            if message:
                problems.append(self._problem(batch, index, message))
            else:
                good.append(index)
        return good, problems

    def _problem(self, batch: Batch, index: int, message: str) -> Problem:
        return row_problem("FOREST_INPUT", message, batch.places[index], batch.row(index), self._columns)

    def _by_key(self, batch: Batch, good: list[int]) -> dict[Any, list[int]]:
        if self._step.key is None:
            return {None: good} if good else {}
        keys = batch.columns[self._step.key]
        groups: dict[Any, list[int]] = {}
        for index in good:
            groups.setdefault(keys[index], []).append(index)
        return groups

    def _score(self, key: Any, batch: Batch, indexes: list[int], appended: list[list[Any]]) -> None:
        forest = self._forest(key)
        rows = np.array(
            [[batch.columns[column][index] for column in self._step.scored] for index in indexes], np.float64
        )
        scores = forest.learn_score(rows)
        if self.learned is not None:
            self.learned(key, rows)
        seen = self._seen[key]
        self._seen[key] = seen + len(indexes)
        for index, score in zip(indexes, scores.score.tolist(), strict=True):
            appended[0][index] = score
        if self._step.explained:
            sides = zip(indexes, scores.high.tolist(), scores.low.tolist(), strict=True)
            for number, (index, high, low) in enumerate(sides, start=seen):
                appended[1][index] = format_explanation(
                    self._names,
                    high,
                    low,
                    learning=number < self._step.sub_sample_size,
                    with_directionality=self._step.directed,
                )

    def _forest(self, key: Any) -> RandomCutForest:
        if key not in self._forests:
            self._forests[key] = RandomCutForest(
                len(self._step.scored),
                trees=self._step.trees,
                sub_sample_size=self._step.sub_sample_size,
                time_decay=self._step.time_decay,
                shingle_size=self._step.shingle_size,
                seed=forest_seed(self._seed, self._pump, key),
            )
            self._seen[key] = 0
        return self._forests[key]

    def forest_bytes(self, key: Any) -> bytes:
        """One forest's own bytes."""
        return self._forests[key].to_bytes()

    def restore_forest(self, key: Any, saved: bytes | None, since: list[NDArray[np.float64]], seen: int) -> None:
        """Take one forest up from its bytes (None: from its seed) and the rows it learned since."""
        if saved is not None:
            self._forests[key] = RandomCutForest.from_bytes(saved)
            self._seen[key] = seen
        for rows in since:
            self._forest(key).learn_score(rows)
        self._seen[key] = seen

    def state(self) -> State:
        """Every forest's own bytes."""
        return {"forests": [[key, self._seen[key], forest.to_bytes()] for key, forest in self._forests.items()]}

    def restore(self, state: State) -> None:
        """Take the forests up where they were."""
        for key, seen, saved in state["forests"]:
            self._forests[key] = RandomCutForest.from_bytes(saved)
            self._seen[key] = seen
