"""What the judgement brings forth: incidents, and the notices about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cutwatch.detection.records import DetectorName, ExpectedRange
from cutwatch.detection.settings import Severity

IncidentKind = Literal["system", "program", "flood", "page", "score"]
NoticeKind = Literal["opened", "joined", "reminder", "over"]
Direction = Literal["LOW", "HIGH"]


@dataclass(frozen=True)
class ColumnFinding:
    """One column's part in an incident.

    `value` is the latest window's, `peak` the window's that deviated most; `weight` sums up over the incident how far
    the column was off (for the leading column of a named fault, its evidence comes first whatever the weights);
    `attribution` is the row detector's own, summed likewise.
    """

    name: str
    direction: Direction
    value: float
    peak: float
    expected: ExpectedRange | None
    weight: float
    attribution: float


@dataclass(frozen=True)
class DetectorFinding:
    """A detector that takes part in an incident.

    Attributes:
        name: of the detector.
        joined: end of the window in which it first said so.
        score: its highest.
        threshold: what that was held against.
        column: of a forecast, the column farthest outside its band when it joined; None for other detectors.
        direction: on which side of the band.
        value: the column's then.
        expected: the band.
    """

    name: DetectorName
    joined: datetime
    score: float | None
    threshold: float | None
    column: str | None = None
    direction: Direction | None = None
    value: float | None = None
    expected: ExpectedRange | None = None


@dataclass(frozen=True)
class Incident:
    """One thing that went wrong, from its first suspicious window to its last.

    Attributes:
        series: key of the series.
        kind: `system` (counts vanished), `program` (too few distinct for the counts), `flood` (far more counts than
            expected), `page` (a kind vanished) or `score` (a detector's score, without evidence for a named fault).
        severity: how much it matters, raised by scores and by each detector that joins.
        started: start of the first window with evidence.
        opened: end of the window in which there was enough of it: the earliest moment to tell anyone.
        last_bad: end of the last window with evidence.
        over: end of the window in which it was found to be over; None while it is open.
        detectors: who takes part, in the order of joining; the first opened it.
        columns: what moved, the leading column first, in windows of `window_seconds`.
        window_seconds: length of the windows of the detector that opened it.
    """

    series: str
    kind: IncidentKind
    severity: Severity
    started: datetime
    opened: datetime
    last_bad: datetime
    over: datetime | None
    detectors: tuple[DetectorFinding, ...]
    columns: tuple[ColumnFinding, ...]
    window_seconds: int = 60

    @property
    def key(self) -> str:
        """Names the incident for good: the same records give the same key, however often they come."""
        return f"{self.series}@{self.started:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def is_open(self) -> bool:
        """Whether it is still going on."""
        return self.over is None

    @property
    def duration(self) -> timedelta:
        """From the first to the last window with evidence."""
        return self.last_bad - self.started

    def finding(self, detector: DetectorName) -> DetectorFinding | None:
        """What one detector has to do with it; None where it does not take part."""
        return next((found for found in self.detectors if found.name == detector), None)


@dataclass(frozen=True)
class Notice:
    """Something to tell people, once.

    Attributes:
        kind: why: it opened, another detector joined, it is still open, it is over.
        incident: as it stood then.
        moment: end of the window that gave rise to it.
        detector: who gave rise to it (opened, joined); None else.
        held_back: notices of this series that the hourly cap kept back since the last one.
        together: incidents of other series that opened with it (see `grouping`).
    """

    kind: NoticeKind
    incident: Incident
    moment: datetime
    detector: DetectorName | None = None
    held_back: int = 0
    together: tuple[Incident, ...] = ()

    @property
    def key(self) -> str:
        """Names the notice for good, so that a receiver can drop a repetition."""
        which = {"joined": self.detector, "reminder": f"{self.moment:%Y-%m-%dT%H:%M:%SZ}"}.get(self.kind)
        return f"{self.incident.key}/{self.kind}" + (f"/{which}" if which else "")
