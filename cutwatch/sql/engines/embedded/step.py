"""What every step of a running pump can do."""

from __future__ import annotations

from typing import Any, Protocol

from cutwatch.sql.engines.embedded.batch import Batch
from cutwatch.sql.engines.embedded.problems import Problem

State = dict[str, Any]


class RunningStep(Protocol):
    """A step with whatever it has to remember."""

    def process(self, batch: Batch, watermark: int) -> tuple[Batch, list[Problem]]:
        """Take rows in, give rows out.

        Args:
            batch: the next rows, in the order of their places.
            watermark: milliseconds; no row before it can come any more.

        Returns:
            The rows that are ready, in the order of their places, and those that failed.
        """

    def state(self) -> State:
        """What must be kept over a restart: plain values, bytes, Decimals and dates."""

    def restore(self, state: State) -> None:
        """Take up such a state."""


class Stateless:
    """A step that remembers nothing."""

    def state(self) -> State:
        """Nothing."""
        return {}

    def restore(self, state: State) -> None:
        """Nothing to take up."""
