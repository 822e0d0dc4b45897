"""A lane at work: the embedded engine's own operators over the lane's rows."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutwatch.sql.engines.embedded.evaluator import connect
from cutwatch.sql.engines.embedded.flow import Flow
from cutwatch.sql.engines.embedded.results import output_rows, wanted_streams
from cutwatch.sql.engines.flink.intake import Work
from cutwatch.sql.engines.flink.spec import EngineSpec
from cutwatch.sql.rows import OutputRow

ForestKey = bytes


@dataclass
class SavedForest:
    """What a restart needs of one forest: a snapshot (None: its seed), the rows learned since, and all rows' number."""

    snapshot: bytes | None = None
    rows: list[NDArray[np.float64]] = field(default_factory=list)
    seen: int = 0

    @property
    def since(self) -> int:
        """How many rows were learned since the snapshot."""
        return sum(len(rows) for rows in self.rows)


class Lane:
    """Runs the program over a lane's rows.

    A forest's state is kept apart from the rest and forest by forest, so that saving one that learned little costs
    little: `changed_forests` tells which have learned since it was last asked, and whether each needs a new snapshot.
    """

    def __init__(self, spec: EngineSpec) -> None:
        self._program, self._source = spec.program, spec.source
        self._forest_rows = spec.forest_rows
        self._flow = Flow(spec.program, connect(), spec.seed)
        self._wanted = wanted_streams(spec.program, spec.application, spec.streams)
        self._saved: dict[ForestKey, SavedForest] = {}
        self._learned: dict[ForestKey, list[NDArray[np.float64]]] = {}
        self._calls = self._flow.forests
        for name, call in self._calls.items():
            call.learned = self._recorder(name)

    def _recorder(self, name: str) -> Any:
        def record(key: Any, rows: NDArray[np.float64]) -> None:
            self._learned.setdefault(pickle.dumps((name, key)), []).append(rows)

        return record

    def run(self, work: Work) -> list[OutputRow]:
        """Do a piece of work; gives rows of the wanted streams and of the error stream."""
        streams, problems = self._flow.run(self._source, work.rows, list(work.arrivals), work.watermark, work.opening)
        return output_rows(self._program, self._wanted, streams, problems)

    def state(self) -> dict[str, Any]:
        """All that is remembered but the forests."""
        return self._flow.state(forests=False)

    def changed_forests(self) -> dict[ForestKey, SavedForest]:
        """The state, as of now, of the forests that learned since this was last asked."""
        changed: dict[ForestKey, SavedForest] = {}
        for key, learned in self._learned.items():
            saved = self._saved.setdefault(key, SavedForest())
            saved.rows += learned
            saved.seen += sum(len(rows) for rows in learned)
            if saved.since >= self._forest_rows:
                name, forest = pickle.loads(key)  # noqa: S301 - pickled above
                saved.snapshot, saved.rows = self._calls[name].forest_bytes(forest), []
            changed[key] = saved
        self._learned = {}
        return changed

    def restore(self, state: dict[str, Any], forests: dict[ForestKey, SavedForest]) -> None:
        """Take up what was saved."""
        self._flow.restore(state)
        for key, saved in forests.items():
            name, forest = pickle.loads(key)  # noqa: S301 - from the job's own state
            self._calls[name].restore_forest(forest, saved.snapshot, saved.rows, saved.seen)
            self._saved[key] = saved
        self._learned = {}
