"""Steps of a long run: said when they start, timed when they end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One step that is done."""

    name: str
    seconds: float


@dataclass
class Steps:
    """Says each step on stderr and keeps how long it took.

    Attributes:
        done: The steps so far.
    """

    done: list[Step] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step."""
        sys.stderr.write(f"[{len(self.done) + 1}] {name} ...\n")
        sys.stderr.flush()
        began = time.monotonic()
        yield
        seconds = time.monotonic() - began
        self.done.append(Step(name, round(seconds, 1)))
        sys.stderr.write(f"[{len(self.done)}] {name}: {seconds:.1f} s\n")
