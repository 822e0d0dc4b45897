"""The range in which a window's columns are expected, and how far they are off."""

from __future__ import annotations

from math import sqrt

from cutwatch.detection.dispersion import PRIOR_WINDOWS
from cutwatch.detection.evidence_state import EvidenceState
from cutwatch.detection.expectation import Expectation
from cutwatch.detection.levels import Row
from cutwatch.detection.records import ExpectedRange
from cutwatch.detection.settings import DetectionSettings

NORMAL_99 = 2.326


def expected_ranges(
    settings: DetectionSettings, state: EvidenceState, row: Row, e: Expectation, low: float, high: float
) -> tuple[dict[str, ExpectedRange], dict[str, float]]:
    """By column, the range in which 98 of 100 normal windows lie, and how far this one is off."""
    mean = e.usual
    spread = sqrt(max(mean, 0.25) * max(low, high))
    ranges = {settings.count_column: (row.count, mean, spread)}
    new = 1 - min(e.repeat, 0.98)
    if row.distinct is not None and settings.distinct_column:
        usual = min(mean, 1 + (mean - 1) * new) if mean > 1 else mean
        ranges[settings.distinct_column] = (row.distinct, usual, sqrt(max(usual, 0.25) * low))
        further = max(row.count - 1, 0.0)
        ranges[settings.repeats_column] = (
            row.count - row.distinct,
            further * e.repeat,
            sqrt(max(further * e.repeat * new, 0.25) * max(1.0, state.shares.mean(1.0, PRIOR_WINDOWS))),
        )
    if row.kinds is not None and settings.kinds_column:
        ranges[settings.kinds_column] = (row.kinds, e.usual_kinds, sqrt(max(0.25, state.page_variance.at(mean) or 1.0)))
    expected = {
        name: ExpectedRange(max(0.0, middle - NORMAL_99 * sd), middle, middle + NORMAL_99 * sd)
        for name, (_, middle, sd) in ranges.items()
    }
    return expected, {name: (value - middle) / sd for name, (value, middle, sd) in ranges.items()}
