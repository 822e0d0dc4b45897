"""How much a column scatters, learnt from everything but incidents.

What a suspicious window says is held back: when the suspicion passes without an incident it counts in full, when an
incident opens it is forgotten. So innocent bursts, dips and stalls teach, and faults do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

WINSOR = 9.0  # a square counts at most so many variances
BLOCK_WINDOWS = 10  # over which slow bursts are measured
PRIOR_WINDOWS, PRIOR_BLOCKS = 60.0, 6.0  # weight of the prior, which is the Poisson's


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


@dataclass(frozen=True)
class CountScatter:
    """How counts scatter on one side of the expectation.

    Attributes:
        poisson: squares in the Poisson's variances.
        relative: squares beyond the Poisson's, in squared expectations: how much the rate itself scatters.
        blocks: squares of sums over ten windows, in the Poisson's variances: bursts that last.
        block: the running block's windows, counts and expected counts.
    """

    poisson: Scatter = Scatter()
    relative: Scatter = Scatter()
    blocks: Scatter = Scatter()
    block: tuple[int, float, float] = (0, 0.0, 0.0)

    def dispersion(self, expected: float, *, floor: float, run: int) -> float:
        """Variance over mean of counts.

        Args:
            expected: of the window.
            floor: least relative noise of the rate.
            run: windows of the excursion so far; the longer, the more bursts that last count.
        """
        relative = max(floor**2, self.relative.mean(0.0, 1.0))
        single = max(self.poisson.mean(1.0, PRIOR_WINDOWS), 1 + expected * relative)
        lasting = max(single, self.blocks.mean(1.0, PRIOR_BLOCKS))
        return single + (lasting - single) * min(1.0, run / BLOCK_WINDOWS)


def learn_scatter(scatter: Scatter, square: float, unit: float, rate: float, *, suspicious: bool) -> Scatter:
    """The scatter with one more window: held back while it is suspicious, with all that was held back after that."""
    if suspicious:
        return replace(scatter, held_squares=scatter.held_squares + square, held_units=scatter.held_units + unit)
    keep = 1 - rate
    return Scatter(
        scatter.squares * keep + square + scatter.held_squares,
        scatter.units * keep + unit + scatter.held_units,
    )


def learn_counts(
    scatter: CountScatter, count: float, expected: float, rate: float, *, side: int, suspicious: bool
) -> CountScatter:
    """The scatter with one more window.

    Args:
        scatter: before.
        count: seen.
        expected: in the middle.
        rate: weight of a window.
        side: -1 below the expectation, 1 above.
        suspicious: there is evidence for a fault.
    """
    variance = max(expected, 0.5)
    square = _square(count, expected, side, variance * scatter.poisson.mean(1.0, PRIOR_WINDOWS))
    windows, seen, wanted = scatter.block[0] + 1, scatter.block[1] + count, scatter.block[2] + expected
    blocks = scatter.blocks
    if windows == BLOCK_WINDOWS:
        unit = max(wanted, 0.5)
        of_block = _square(seen, wanted, side, unit * blocks.mean(1.0, PRIOR_BLOCKS)) / unit
        blocks = learn_scatter(blocks, of_block, 1.0, BLOCK_WINDOWS * rate, suspicious=suspicious)
        windows, seen, wanted = 0, 0.0, 0.0
    return CountScatter(
        learn_scatter(scatter.poisson, square / variance, 1.0, rate, suspicious=suspicious),
        learn_scatter(scatter.relative, square - expected, expected**2, rate, suspicious=suspicious),
        blocks,
        (windows, seen, wanted),
    )


def forget_held(scatter: Scatter) -> Scatter:
    """The scatter without what was held back: it belonged to an incident."""
    return replace(scatter, held_squares=0.0, held_units=0.0)


def forget_held_counts(scatter: CountScatter) -> CountScatter:
    """The same of counts; the running block is dropped, too."""
    return CountScatter(forget_held(scatter.poisson), forget_held(scatter.relative), forget_held(scatter.blocks))


def _square(seen: float, expected: float, side: int, variance: float) -> float:
    """The square of what lies on one side, doubled as for a symmetric scatter, and winsorised."""
    off = max(0.0, side * (seen - expected))
    return min(2 * off * off, WINSOR * variance)
