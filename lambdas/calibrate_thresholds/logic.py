"""Where to draw the line: mean plus deviations, or the best F1 where faults are labelled. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import sqrt

from cutwatch.detection import codec
from cutwatch.errors import DataError
from lambdas.shared.calibration import Calibration

BUCKETS = 50  # of the histogram


def calibrate(
    scores: Sequence[float], *, run: str, sigma: float, is_fault: Sequence[bool] | None = None
) -> Calibration:
    """Find the threshold of SageMaker RCF.

    Args:
        scores: One a training row.
        run: Name of the training run.
        sigma: Deviations above the mean, where nothing is labelled.
        is_fault: Whether each row is a labelled fault; None, or none of them true, takes `sigma`.

    Raises:
        DataError: There are no scores.
    """
    if not scores:
        raise DataError("calibration needs at least one training row")
    mean = sum(scores) / len(scores)
    deviation = sqrt(sum((score - mean) ** 2 for score in scores) / len(scores))
    labelled = is_fault is not None and any(is_fault)
    threshold = best_f1_threshold(scores, is_fault or ()) if labelled else mean + sigma * deviation
    highest = max(scores)
    return Calibration(
        run=run,
        thresholds={"sagemaker_rcf": threshold},
        method="labels" if labelled else "sigma",
        rows=len(scores),
        mean=mean,
        deviation=deviation,
        histogram=histogram(scores, highest),
        highest=highest,
    )


def best_f1_threshold(scores: Sequence[float], is_fault: Sequence[bool]) -> float:
    """Return the threshold with the best F1: a row is told when its score lies above it.

    Between two scores the middle is taken; of equal F1 the highest threshold, which tells least.
    """
    ranked = sorted(zip(scores, is_fault, strict=True), reverse=True)
    faults = sum(is_fault)
    best, best_threshold, hits = -1.0, ranked[0][0], 0
    for told, (score, fault) in enumerate(ranked, 1):
        hits += fault
        below = ranked[told][0] if told < len(ranked) else score
        if below == score and told < len(ranked):
            continue  # equal scores cannot be told apart
        f1 = 2 * hits / (told + faults)
        if f1 > best:
            best, best_threshold = f1, (score + below) / 2 if told < len(ranked) else score - 1e-9
    return best_threshold


def histogram(scores: Sequence[float], highest: float) -> tuple[int, ...]:
    """Count scores in equal steps from 0 to the highest."""
    counts = [0] * BUCKETS
    for score in scores:
        counts[min(BUCKETS - 1, int(score / highest * BUCKETS)) if highest > 0 else 0] += 1
    return tuple(counts)


def mark_faults(index_csv: str, labels_csv: str, *, window_seconds: int) -> list[bool]:
    """Tell for each training row whether it touches a labelled fault.

    Args:
        index_csv: `series,window_start` by row.
        labels_csv: `start,end,kind` with a header; times without a zone are UTC.
        window_seconds: Length of a window.

    Raises:
        DataError: The labels are not of that form.
    """
    spans: list[tuple[datetime, datetime]] = []
    for row in csv.DictReader(io.StringIO(labels_csv), skipinitialspace=True):
        try:
            spans.append((codec.parse_time(row["start"].strip()), codec.parse_time(row["end"].strip())))
        except (KeyError, ValueError, AttributeError) as error:
            raise DataError(f"labels: {row!r}; allowed: start,end,kind with ISO-8601 times") from error
    step = timedelta(seconds=window_seconds)
    starts = [codec.parse_time(line.rsplit(",", 1)[1]) for line in index_csv.splitlines() if line]
    return [any(first < start + step and last > start for first, last in spans) for start in starts]
