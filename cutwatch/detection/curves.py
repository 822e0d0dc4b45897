"""A smooth curve of a column over the count, learnt row by row: how many users or pages so many clicks bring.

Piecewise linear over the logarithm of the count, with two nodes an octave.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

NODES_PER_OCTAVE = 2
LEAST_PART = 0.1  # a node that weighs less in a value need not be known
LEAST_WEIGHT = 20.0  # rows at a node before it is believed
NODES = 45  # up to five million a window


@dataclass(frozen=True)
class Curve:
    """`values[i]` is the column's mean at the i-th node, `weights[i]` how much has been seen there."""

    values: tuple[float, ...] = (0.0,) * NODES
    weights: tuple[float, ...] = (0.0,) * NODES

    def at(self, count: float) -> float | None:
        """The column's mean at a count; None where too little has been seen."""
        node, right = _place(count)
        left = 1 - right
        weights = [self.weights[at] for at, part in ((node, left), (node + 1, right)) if part > LEAST_PART]
        if min(weights) < LEAST_WEIGHT:
            return None
        return left * self.values[node] + right * self.values[node + 1]

    @property
    def highest(self) -> float:
        """The highest mean at any node that is known; 0 while none is."""
        known = (value for value, weight in zip(self.values, self.weights, strict=True) if weight >= LEAST_WEIGHT)
        return max(known, default=0.0)

    def learn(self, count: float, value: float, rate: float) -> Curve:
        """The curve after one more row; `rate` is the weight of a row once much has been seen."""
        node, right = _place(count)
        values, weights = list(self.values), list(self.weights)
        for at, part in ((node, 1 - right), (node + 1, right)):
            if part > 0:
                weight = min(weights[at] + part, 1 / rate)
                weights[at] = weight
                values[at] += part / weight * (value - values[at])
        return Curve(tuple(values), tuple(weights))


def _place(count: float) -> tuple[int, float]:
    """The node left of a count and the count's share of the way to the next."""
    where = min(NODES_PER_OCTAVE * log2(count + 1), NODES - 1.001)
    node = int(where)
    return node, where - node
