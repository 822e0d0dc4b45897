"""All that the judge remembers of a series: small, versioned, bit-exact through JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from cutwatch.detection import codec
from cutwatch.detection.evidence_state import EvidenceState
from cutwatch.detection.incidents import Incident
from cutwatch.detection.records import DEFAULT_SERIES, DetectorName
from cutwatch.errors import DataError

VERSION = 1


@dataclass(frozen=True)
class DetectorState:
    """What is remembered of one detector's scores.

    Attributes:
        last: start of the last window judged; repeated and late ones are told by it.
        window_seconds: that window's length.
        scores: how many scores the statistics hold.
        mean: their decayed mean.
        variance: and variance.
        log_centre: robust centre of the scores' logarithms.
        log_spread: and robust spread.
        recent: whether each of the last windows was over the threshold, the latest last.
        suspicious_since: start of the first of them that was.
        quiet: windows since the last that was.
    """

    last: datetime | None = None
    window_seconds: int = 60
    scores: int = 0
    mean: float = 0.0
    variance: float = 0.0
    log_centre: float = 0.0
    log_spread: float = 0.25
    recent: tuple[bool, ...] = ()
    suspicious_since: datetime | None = None
    quiet: int = 0

    @property
    def suspicious(self) -> int:
        """How many of the last windows were over the threshold."""
        return sum(self.recent)


@dataclass(frozen=True)
class NoticeLedger:
    """What people have been told about a series.

    Attributes:
        recent: moments of the notices of the last hour.
        waiting: the open incident's opening waits for the end of the quiet hours or of the cap.
        told: people know of the open incident.
        last: moment of the last notice about it.
        pending: ended incidents whose `over` waits for the end of the quiet hours.
        held_back: notices the cap kept back since.
    """

    recent: tuple[datetime, ...] = ()
    waiting: bool = False
    told: bool = False
    last: datetime | None = None
    pending: tuple[Incident, ...] = ()
    held_back: int = 0


@dataclass(frozen=True)
class SeriesState:
    """The whole state of one series between two records; `evidence_since`: start of the evidence that is up now."""

    version: int = VERSION
    series: str = DEFAULT_SERIES
    detectors: Mapping[DetectorName, DetectorState] = field(default_factory=dict)
    evidence: EvidenceState = field(default_factory=EvidenceState)
    evidence_since: datetime | None = None
    incident: Incident | None = None
    recent: tuple[Incident, ...] = ()
    last_over: datetime | None = None
    ledger: NoticeLedger = NoticeLedger()

    def to_json(self) -> str:
        """Write the state; `from_json` gives an equal one back."""
        return json.dumps(codec.to_plain(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str | bytes) -> SeriesState:
        """Read a state. Raises DataError where it is damaged or of another version."""
        state = codec.loads(text, cls, what="state of a series", error=DataError)
        if state.version != VERSION:
            raise DataError(f"state of a series: version is {state.version}; allowed: {VERSION}")
        return state

    def with_detector(self, name: DetectorName, detector: DetectorState) -> SeriesState:
        """The state with one detector's part replaced."""
        return replace(self, detectors={**self.detectors, name: detector})
