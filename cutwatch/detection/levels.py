"""What the last minutes and hours lead one to expect: levels that are learnt row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

from cutwatch.detection.profile import Bin

FAST_COUNTS = 80.0  # the fast level remembers about this many counts ...
FAST_WINDOWS = (3.0, 30.0)  # ... within these half-lives
SLOW_WINDOWS = 40.0  # half-life of the second level, used while the time of day is unknown
TODAY_MINUTES = 60.0  # of today's level against the profile
SHARE_MINUTES = 180.0  # of the share of counts that bring nobody new
YOUNG = 16  # windows over which the levels are plain means
ERROR = 0.35  # variance of an exponential mean of Poisson counts, times its half-life

Pair = tuple[float, float]
Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Row:
    """The columns of a window that have a role; None where the series has no such column."""

    count: float
    distinct: float | None
    kinds: float | None

    @property
    def triple(self) -> Triple:
        """All three; a column that is not there follows the count."""
        distinct = self.count if self.distinct is None else self.distinct
        return (self.count, distinct, 0.0 if self.kinds is None else self.kinds)


@dataclass(frozen=True)
class Levels:
    """Recent levels of a series.

    Attributes:
        fast: means of count, distinct and kinds over the last minutes.
        slow: the same over the last hour.
        today: decayed sums of the three.
        profiled: the same of the profile's means at the same times.
        repeats: decayed sums of counts that brought nobody new, and of counts beyond each window's first.
    """

    fast: Triple = (0.0, 0.0, 0.0)
    slow: Triple = (0.0, 0.0, 0.0)
    today: Triple = (0.0, 0.0, 0.0)
    profiled: Triple = (0.0, 0.0, 0.0)
    repeats: Pair = (0.0, 0.0)

    @property
    def fast_windows(self) -> float:
        """Half-life of the fast level: short where there is much to count."""
        low, high = FAST_WINDOWS
        return min(max(FAST_COUNTS / max(self.fast[0], 0.1), low), high)

    @property
    def error(self) -> float:
        """Standard error of the fast level over its square root."""
        return sqrt(ERROR / self.fast_windows)


def half_life(windows: float) -> float:
    """The weight of a new value in an exponential mean with a half-life of so many windows."""
    return 1.0 - float(2 ** (-1 / windows))


def learn_levels(levels: Levels, row: Row, here: Bin, *, seen: int, minutes: float, weight: float) -> Levels:
    """The levels after one more row.

    Args:
        levels: before.
        row: what was seen.
        here: the profile at this time of day.
        seen: windows seen before, to begin with plain means.
        minutes: a window's length.
        weight: 1 for an innocent row, less for a suspicious one, 0 to learn nothing.
    """
    now = row.triple
    young = 1 / (seen + 1) if seen < YOUNG else 0.0
    fast = max(half_life(levels.fast_windows) * weight, young)
    slow = min(fast, max(half_life(SLOW_WINDOWS) * weight, fast if seen < SLOW_WINDOWS else 0.0))
    repeats, further = now[0] - now[1], max(0.0, now[0] - 1)
    keep: float = 2 ** (-minutes / SHARE_MINUTES * weight)
    levels = replace(
        levels,
        fast=toward(levels.fast, now, fast),
        slow=toward(levels.slow, now, slow),
        repeats=(levels.repeats[0] * keep + weight * repeats, levels.repeats[1] * keep + weight * further),
    )
    if not here.days:
        return levels
    keep = 2 ** (-minutes / TODAY_MINUTES * weight)
    profiled = (here.count, here.distinct, here.kinds)
    return replace(
        levels, today=_add(levels.today, now, keep, weight), profiled=_add(levels.profiled, profiled, keep, weight)
    )


def toward(old: Triple, new: Triple, rate: float) -> Triple:
    """Three exponential means after one more value each."""
    (a, b, c), (x, y, z) = old, new
    return (a + rate * (x - a), b + rate * (y - b), c + rate * (z - c))


def _add(sums: Triple, values: Triple, keep: float, weight: float) -> Triple:
    """Decayed sums with a row added."""
    (a, b, c), (x, y, z) = sums, values
    return (a * keep + weight * x, b * keep + weight * y, c * keep + weight * z)
