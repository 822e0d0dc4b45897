"""What training found out, as it lies in SSM for the functions that score and judge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from cutwatch.detection import codec
from cutwatch.errors import OperatorError


@dataclass(frozen=True)
class Calibration:
    """What the last training left.

    Attributes:
        run: Name of the training run; empty before the first: the detectors are still learning.
        thresholds: Score above which a detector finds a window strange, by detector.
        method: How the threshold was found: `sigma` or `labels`.
        rows: Training rows it comes from.
        mean: Of their scores.
        deviation: Standard deviation of their scores.
        histogram: Counts of scores in equal steps from 0 to the highest.
        highest: The highest score.
    """

    run: str = ""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    method: str = ""
    rows: int = 0
    mean: float = 0.0
    deviation: float = 0.0
    histogram: tuple[int, ...] = ()
    highest: float = 0.0

    @property
    def is_learning(self) -> bool:
        """Whether no training has ended yet."""
        return not self.run

    def to_json(self) -> str:
        """Write it for the parameter."""
        return json.dumps(codec.to_plain(self))

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Read the parameter; `{}` is the calibration before the first training. Raises OperatorError."""
        return codec.loads(text, cls, what="calibration", error=OperatorError)
