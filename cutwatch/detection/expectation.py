"""What a window may be expected to hold under every innocent explanation.

A fault must be implausible under all of them (nightfall, weekend, the end of a campaign, a crawler): the expectation
of a loss is the least, and that of a flood the most, of what the last minutes and the same time of earlier days lead
one to expect, one standard error further out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from cutwatch.detection.curves import Curve
from cutwatch.detection.levels import Levels, Row
from cutwatch.detection.profile import Bin, Profile

MOST_DAYS = 3
WINDOWS_A_BIN = 10
UNKNOWN = 1.5  # at a time of day not seen before, rates may change by so much while evidence gathers
SHARE_RANGE = (0.02, 0.98)


@dataclass(frozen=True)
class Expectation:
    """Of one window.

    Attributes:
        least: counts, cautiously low.
        most: counts, cautiously high.
        usual: counts, in the middle.
        repeat: chance that a further count brings nobody new, cautiously high.
        kinds: kinds for as many counts as there were, cautiously low.
        usual_distinct: distinct, in the middle.
        usual_kinds: kinds, in the middle.
        known: the time of day has been seen before.
    """

    least: float
    most: float
    usual: float
    repeat: float
    kinds: float
    usual_distinct: float
    usual_kinds: float
    known: bool


def expect(
    levels: Levels, profile: Profile, at: int, row: Row, users: Curve, pages: Curve, *, frozen: bool
) -> Expectation:
    """What is expected of a window.

    Args:
        levels: recent levels.
        profile: of earlier days.
        at: the window's bin.
        row: the window's own: distinct and kinds are expected for as many counts.
        users: curve of distinct over counts.
        pages: curve of kinds over counts.
        frozen: an incident is open, so the last minutes say nothing of what is usual.
    """
    near, around = profile.near(at), profile.around(at)
    known = all(found.days for found in near) and levels.profiled[0] > 0
    error, (count, _, kinds) = levels.error, levels.fast
    least, most = _lower(count, error), count + error * count**0.5
    usual, usual_distinct, usual_kinds = levels.fast
    least_kinds = kinds * _part(pages, row.count, count)
    repeat = (levels.repeats[0] + 0.5) / (levels.repeats[1] + 10)
    if known:
        today, today_distinct, today_kinds = _today(levels)
        by_profile = _least(near, around) * min(1.0, today)
        by_kinds = min(found.kinds * _part(pages, row.count, found.count) for found in near) * min(1.0, today_kinds)
        upper = max(_edge(found, found.count, 1) for found in near) * max(1.0, today)
        least_kinds = by_kinds  # a missing page lasts: the last minutes would soon take it for usual
        least, most = (by_profile, upper) if frozen else (min(least, by_profile), max(most, upper))
        middle = near[len(near) // 2]
        usual, usual_kinds = middle.count * today, middle.kinds * today_kinds
        usual_distinct = middle.distinct * today_distinct
        repeat = max(repeat, around.repeat, *(_clear_repeat(found) for found in near))
    else:
        least, most = min(least, levels.slow[0]) / UNKNOWN, max(most, levels.slow[0]) * UNKNOWN
        least_kinds = min(least_kinds, levels.slow[2] * _part(pages, row.count, levels.slow[0]))
    if row.count >= 2 and (by_curve := users.at(row.count)) is not None:
        repeat = max(repeat, 1 - (by_curve - 1) / (row.count - 1))
    if (by_curve := pages.at(row.count)) is not None:
        least_kinds = min(least_kinds, by_curve)
    return Expectation(
        least=max(least, 0.0),
        most=most,
        usual=usual,
        repeat=min(max(repeat, SHARE_RANGE[0]), SHARE_RANGE[1]),
        kinds=max(least_kinds, 0.0),
        usual_distinct=usual_distinct,
        usual_kinds=usual_kinds,
        known=known,
    )


def _today(levels: Levels) -> tuple[float, float, float]:
    """Today's level of count, distinct and kinds, as shares of the profile."""
    count = levels.today[0] / levels.profiled[0]
    distinct, kinds = (
        seen / profiled if profiled > 0 else count
        for seen, profiled in zip(levels.today[1:], levels.profiled[1:], strict=True)
    )
    return count, distinct, kinds


def _part(pages: Curve, count: float, usual: float) -> float:
    """The part of the usual kinds that fewer counts than usual bring: by the curve, or as few as the counts."""
    if count >= usual:
        return 1.0
    for_count, for_usual = pages.at(count), pages.at(usual)
    if for_count is None or not for_usual:
        return count / usual
    return min(1.0, for_count / for_usual)


def _lower(mean: float, error: float) -> float:
    return max(0.0, mean - error * sqrt(mean))


def _least(near: list[Bin], around: Bin) -> float:
    """The cautiously low mean of a time of day.

    Few counts make a bin's own mean uncertain, so the mean of the hour around it counts, one standard error lower,
    unless a bin lies clearly below that.
    """
    own = min(_edge(found, found.count, 1) for found in near)
    return min(max(0.0, around.count - sqrt(around.count / around.windows)), own) if around.windows else own


def _clear_repeat(found: Bin) -> float:
    """A bin's share of further counts that brought nobody new, one standard error lower."""
    further = found.further * WINDOWS_A_BIN * min(found.days, MOST_DAYS)
    return found.repeat - sqrt(found.repeat * (1 - found.repeat) / further) if further else 0.0


def _edge(found: Bin, mean: float, sign: int) -> float:
    """A bin's mean, one standard error lower or higher; ten windows a bin and day."""
    error = sqrt(mean / (WINDOWS_A_BIN * min(found.days, MOST_DAYS)))
    return max(0.0, mean + sign * error)
