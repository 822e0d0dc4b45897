"""Incidents held against labelled faults: found or missed, how late, by whom, for which reason; and what was false."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from cutwatch.detection import codec
from cutwatch.detection.incidents import Incident

GRACE = timedelta(minutes=10)  # the longest window of any detector: so long after a fault its incident may open
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Label:
    """A known fault, from `start` to before `end`."""

    start: datetime
    end: datetime
    kind: str


@dataclass(frozen=True)
class FaultResult:
    """One row of the result. For a labelled fault `start`, `end` and `kind` are the label's, else the incident's."""

    start: datetime
    end: datetime
    kind: str | None
    found: bool
    delay_minutes: float | None
    detectors: tuple[str, ...]
    leading_column: str | None
    direction: str | None


@dataclass(frozen=True)
class Rates:
    """Precision, recall and their harmonic mean; None where there is nothing to divide by."""

    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Evaluation:
    """The whole comparison.

    Attributes:
        faults: every labelled fault.
        false_incidents: every incident that no label accounts for.
        false_first_day: how many of those opened within 24 hours of the first window.
        false_per_day: how many a day after that; None where the data ends before.
        median_delay_minutes: of the faults found.
        by_incident: precision over incidents, recall over faults.
        by_minute: the same over time in incidents and in labels.
    """

    faults: tuple[FaultResult, ...]
    false_incidents: tuple[FaultResult, ...]
    false_first_day: int
    false_per_day: float | None
    median_delay_minutes: float | None
    by_incident: Rates
    by_minute: Rates

    def to_json(self) -> str:
        """As one JSON object; `faults` and `false_incidents` are in the form of the demo's `summary.json`."""
        return json.dumps(codec.to_plain(self))


def evaluate(incidents: Sequence[Incident], labels: Sequence[Label], *, start: datetime, end: datetime) -> Evaluation:
    """Compare incidents with labels.

    An incident is true if it opened between a label's start and ten minutes after its end, with evidence from before
    the end. A fault is found if a true incident overlaps it; the delay counts from the label's start to the end of
    the window that opened the incident: the earliest moment to know.

    Args:
        incidents: of one series, open ones included.
        labels: of the same series.
        start: start of the first window.
        end: end of the last window.
    """
    labels = sorted(labels, key=lambda label: label.start)
    true = [incident for incident in incidents if any(_caused(label, incident) for label in labels)]
    false = [incident for incident in incidents if incident not in true]
    faults = tuple(_fault(label, true) for label in labels)
    found = [fault for fault in faults if fault.found]
    later = [incident for incident in false if incident.opened - start > DAY]
    days = (end - start - DAY) / DAY
    told = _union((incident.started, incident.last_bad) for incident in incidents)
    labelled = _union((label.start, label.end) for label in labels)
    both = _overlap(told, labelled)
    return Evaluation(
        faults=faults,
        false_incidents=tuple(false_result(incident) for incident in false),
        false_first_day=len(false) - len(later),
        false_per_day=len(later) / days if days > 0 else None,
        median_delay_minutes=median(_delays(found)) if found else None,
        by_incident=rates(len(true), len(incidents), len(found), len(faults)),
        by_minute=rates(both, _length(told), both, _length(labelled)),
    )


def rates(right: float, told: float, found: float, real: float) -> Rates:
    """Precision `right / told`, recall `found / real`, and F1."""
    precision = right / told if told else None
    recall = found / real if real else None
    if precision is None or recall is None:
        return Rates(precision, recall, None)
    return Rates(precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0)


def false_result(incident: Incident) -> FaultResult:
    """An incident as a row of the result, without a label."""
    return FaultResult(
        start=incident.started,
        end=incident.last_bad,
        kind=incident.kind,
        found=False,
        delay_minutes=None,
        detectors=tuple(found.name for found in incident.detectors),
        leading_column=incident.columns[0].name if incident.columns else None,
        direction=incident.columns[0].direction if incident.columns else None,
    )


def _caused(label: Label, incident: Incident) -> bool:
    return label.start < incident.opened <= label.end + GRACE and incident.started < label.end


def _fault(label: Label, incidents: Iterable[Incident]) -> FaultResult:
    hits = [incident for incident in incidents if incident.started < label.end and incident.last_bad > label.start]
    if not hits:
        return FaultResult(label.start, label.end, label.kind, False, None, (), None, None)  # noqa: FBT003
    first = min(hits, key=lambda incident: (not _caused(label, incident), incident.opened))
    row = false_result(first)
    return FaultResult(
        start=label.start,
        end=label.end,
        kind=label.kind,
        found=True,
        delay_minutes=max(0.0, (first.opened - label.start).total_seconds() / 60),
        detectors=tuple(dict.fromkeys(found.name for hit in hits for found in hit.detectors)),
        leading_column=row.leading_column,
        direction=row.direction,
    )


def _delays(faults: Iterable[FaultResult]) -> list[float]:
    return [fault.delay_minutes for fault in faults if fault.delay_minutes is not None]


Span = tuple[datetime, datetime]


def _union(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _length(spans: Iterable[Span]) -> float:
    return sum((end - start).total_seconds() for start, end in spans)


def _overlap(left: Sequence[Span], right: Sequence[Span]) -> float:
    return sum(max(0.0, (min(a[1], b[1]) - max(a[0], b[0])).total_seconds()) for a in left for b in right)
