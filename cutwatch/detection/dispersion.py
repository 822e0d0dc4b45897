"""How much a column scatters, learnt from everything but incidents.

What a suspicious window says is held back: when the suspicion passes without an incident it counts in full, when an
incident opens it is forgotten. So innocent bursts, dips and stalls teach, and faults do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

WINSOR = 9.0  # a square counts at most so many variances


@dataclass(frozen=True)
class Scatter:
    """Decayed sums of squares and of what they are measured in, and those held back."""

    squares: float = 0.0
    units: float = 0.0
    held_squares: float = 0.0
    held_units: float = 0.0

    def mean(self, prior: float, prior_units: float) -> float:
        """Squares over units, with `prior` weighing as much as `prior_units`."""
        return (self.squares + prior * prior_units) / (self.units + prior_units)


def learn_scatter(scatter: Scatter, square: float, unit: float, rate: float, *, suspicious: bool) -> Scatter:
    """The scatter with one more window: held back while it is suspicious, with all that was held back after that."""
    if suspicious:
        return replace(scatter, held_squares=scatter.held_squares + square, held_units=scatter.held_units + unit)
    keep = 1 - rate
    return Scatter(
        scatter.squares * keep + square + scatter.held_squares,
        scatter.units * keep + unit + scatter.held_units,
    )


def forget_held(scatter: Scatter) -> Scatter:
    """The scatter without what was held back: it belonged to an incident."""
    return replace(scatter, held_squares=0.0, held_units=0.0)
