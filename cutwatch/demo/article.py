"""The article's own finding, on these clicks: what its two ten-minute detectors say of each fault by its own rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cutwatch.demo.gather import SeriesWindow
from cutwatch.detection.evaluation import Label

RCF_THRESHOLD = 2.6  # the article's
WINDOW = timedelta(minutes=10)


@dataclass(frozen=True)
class ArticleRow:
    """What the article's rules say of one labelled fault.

    Attributes:
        start, end, kind: The label's.
        rcf_score: SageMaker RCF's highest score of the windows that the fault touches; None before there was a model.
        rcf_found: Whether it is above 2.6.
        deepar_found: Whether CLICKS left DeepAR's 1-99 % band in any of them; None before there was a model.
    """

    start: datetime
    end: datetime
    kind: str
    rcf_score: float | None
    rcf_found: bool | None
    deepar_found: bool | None


def compare_with_article(
    labels: Sequence[Label], windows: Sequence[SeriesWindow], *, count_column: str = "CLICKS"
) -> tuple[ArticleRow, ...]:
    """Hold every labelled fault that fell into the time of the models against the article's rules."""
    rows = []
    for label in labels:
        touched = [window for window in windows if window.start < label.end and window.start + WINDOW > label.start]
        scores = [window.rcf_score for window in touched if window.rcf_score is not None]
        bands = [(window.values[count_column], window.band) for window in touched if window.band and window.values]
        if not scores and not bands:
            continue
        highest = max(scores, default=None)
        rows.append(
            ArticleRow(
                start=label.start,
                end=label.end,
                kind=label.kind,
                rcf_score=highest,
                rcf_found=None if highest is None else highest > RCF_THRESHOLD,
                deepar_found=any(not band["low"] <= value <= band["high"] for value, band in bands) if bands else None,
            )
        )
    return tuple(rows)


def band_coverage(
    labels: Sequence[Label], windows: Sequence[SeriesWindow], *, count_column: str = "CLICKS"
) -> float | None:
    """Return the share of windows without a labelled fault that lie in their band; None without bands."""
    normal = [
        (window.values[count_column], window.band)
        for window in windows
        if window.band
        and window.values
        and not any(window.start < label.end and window.start + WINDOW > label.start for label in labels)
    ]
    inside = sum(band["low"] <= value <= band["high"] for value, band in normal)
    return inside / len(normal) if normal else None
