"""The named faults: what each looks for, and what one window says for it.

gone     the count fell to next to nothing             -> system,  count LOW
merged   too few distinct for the counts there are     -> program, counts without anyone new HIGH
         (and few by themselves: a crawler adds counts and leaves the distinct alone)
flood    the count rose several times                  -> flood,   count HIGH
page     a kind is missing for the counts there are    -> page,    kinds LOW
odd      the forest is surprised (a lone count only)   -> score,   count LOW or HIGH
"""

from __future__ import annotations

from math import ceil, exp

from cutwatch.detection.dispersion import PRIOR_WINDOWS, CountScatter
from cutwatch.detection.evidence_state import EvidenceState
from cutwatch.detection.excursions import Evidence
from cutwatch.detection.expectation import Expectation
from cutwatch.detection.incidents import Direction, IncidentKind
from cutwatch.detection.levels import Row
from cutwatch.detection.likelihood import missing_change, rate_change, share_change
from cutwatch.detection.settings import DetectionSettings, FaultName

GONE, GONE_UNKNOWN = 0.04, 0.01  # of the counts; break-even at 30 % and 21 % of the expectation
MERGED, MERGED_UNKNOWN = 0.25, 0.25  # of those who are new
FLOOD, FLOOD_UNKNOWN = 5.0, 12.0  # break-even at 2.5 and 4.4 times the expectation
PAGE = 0.7  # kinds
LEAST_MISSING = 0.05  # kinds that are usually missing, at least
LEAST_SCATTER = 0.15  # variance over mean of the missing, at least
LEAST_SUPPORT = -5.0  # nats: what the distinct say against `merged` is soon forgotten when they fall
LEAST_FURTHER = 0.01
CRAWLER = 1.6  # times the counts
SUPPORT_VARIATION = 0.05  # least relative noise of their rate
KINDS: dict[FaultName, IncidentKind] = {
    "gone": "system",
    "merged": "program",
    "flood": "flood",
    "page": "page",
    "odd": "score",
}


def window_says(
    settings: DetectionSettings, state: EvidenceState, row: Row, e: Expectation, low: float, high: float
) -> dict[FaultName, float]:
    """What a window says for each fault, in nats."""
    said: dict[FaultName, float] = {
        "gone": rate_change(row.count, e.least, GONE if e.known else GONE_UNKNOWN, low),
        "flood": rate_change(row.count, e.most, FLOOD if e.known else FLOOD_UNKNOWN, high),
    }
    if row.distinct is not None and row.count >= 2:  # the first count always brings somebody and tells nothing
        factor = MERGED if e.known else MERGED_UNKNOWN
        dispersion = max(1.0, state.shares.mean(1.0, PRIOR_WINDOWS))
        said["merged"] = share_change(row.distinct - 1, row.count - 1, 1 - e.repeat, factor, dispersion)
    if row.kinds is not None and (variance := state.page_variance.at(row.count)) is not None:
        there = ceil(state.pages.highest)
        expected = max(there - e.kinds, LEAST_MISSING)
        missing = max(there - row.kinds, 0.0)
        said["page"] = missing_change(missing, expected, PAGE, max(variance, expected * LEAST_SCATTER, LEAST_MISSING))
    return {name: nats for name, nats in said.items() if name in settings.faults}


def support_for_merged(state: EvidenceState, row: Row, e: Expectation, merged: Evidence) -> float:
    """What distinct and counts by themselves say, in nats, for a miscount and against a crawler, in this excursion.

    A miscount takes the distinct away (but for each window's first) and leaves the counts as they were; a crawler adds
    counts and leaves the distinct as they were.
    """
    if row.distinct is None or merged.nats <= 0:
        return 0.0
    further = max(e.usual_distinct - (1 - exp(-e.usual)), LEAST_FURTHER)
    fewer = rate_change(max(row.distinct - 1, 0.0), further, MERGED, _scatter(state.low, further))
    more = rate_change(row.count, max(e.usual, LEAST_FURTHER), CRAWLER, _scatter(state.high, e.usual))
    return max(state.support + fewer - more, LEAST_SUPPORT)


def _scatter(scatter: CountScatter, expected: float) -> float:
    return max(scatter.poisson.mean(1.0, PRIOR_WINDOWS), 1 + expected * SUPPORT_VARIATION**2)


def leading_column(settings: DetectionSettings, name: FaultName, deviation: float) -> tuple[str, Direction]:
    """The column that a fault is named after, and where it moved; `deviation` is the count's own."""
    leads: dict[FaultName, tuple[str, Direction]] = {
        "gone": (settings.count_column, "LOW"),
        "flood": (settings.count_column, "HIGH"),
        "merged": (settings.repeats_column, "HIGH"),
        "page": (settings.kinds_column or settings.count_column, "LOW"),
        "odd": (settings.count_column, "HIGH" if deviation > 0 else "LOW"),
    }
    return leads[name]
