"""What a forest says of records: scores, and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of n records, with each column's part in them on either side.

    The parts of a record sum to its score. A higher score is a more unusual record; around 1 and below is ordinary, and
    the highest possible is log2(sub_sample_size), 8 at the default. Records of the learning phase score 0.

    Attributes:
        score: shape (n,).
        high: shape (n, columns): how much the column's value being above the usual adds to the score.
        low: shape (n, columns): how much its being below the usual adds.
    """

    score: Floats
    high: Floats
    low: Floats

    def __len__(self) -> int:
        return len(self.score)

    @property
    def learning(self) -> NDArray[np.bool_]:
        """Which records fell into the learning phase, shape (n,): after it, every score is above 0."""
        zero: NDArray[np.bool_] = self.score == 0
        return zero

    @property
    def attribution(self) -> Floats:
        """Each column's part in the score, shape (n, columns): ATTRIBUTION_SCORE of the service."""
        return self.high + self.low


class Score(NamedTuple):
    """The score of one record; see `Scores`."""

    score: float
    high: Sequence[float]
    low: Sequence[float]
