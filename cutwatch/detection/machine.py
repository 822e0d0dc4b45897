"""The state machine of one series' incident.

         k of n windows, or        another detector
         enough evidence           is suspicious too
    quiet ------------> open ------------------------> joined
      ^                   |                              |
      |   m quiet windows of every detector that holds it|
      +------------------- over <------------------------+

A detector *holds* an incident open if it could have opened it. A witness of the evidence neither opens nor holds: one
window over its threshold joins an incident that is open, and says nothing while all is quiet.
The witnesses' windows are longer and come later: one of them that touches an incident joins it, and one that comes
when the incident is over already confirms it (`confirm`), which changes the record of it and tells nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cutwatch.detection.columns import update_columns
from cutwatch.detection.finding import Finding
from cutwatch.detection.incidents import DetectorFinding, Incident, NoticeKind
from cutwatch.detection.records import DetectorName, ScoreRecord
from cutwatch.detection.scores import Reading, band_distances
from cutwatch.detection.settings import SEVERITIES, DetectionSettings, DetectorSettings, Severity
from cutwatch.detection.state import DetectorState


@dataclass(frozen=True)
class Window:
    """Everything known of one window once it is weighed; `finding` is None unless its row was judged."""

    settings: DetectionSettings
    detector: DetectorSettings
    record: ScoreRecord
    reading: Reading
    finding: Finding | None

    @property
    def is_witness(self) -> bool:
        """Whether its detector only speaks for or against what the evidence of another's rows has opened."""
        return self.detector.threshold == "evidence" and self.record.detector != self.settings.row_detector

    def touches(self, incident: Incident) -> bool:
        """Whether the window and the incident have any time in common."""
        return self.record.window_start < incident.last_bad and incident.started < self.record.window_end

    @property
    def by_evidence(self) -> bool:
        """Whether this window's detector opens by evidence (its rows are judged) rather than by its score."""
        return self.detector.threshold == "evidence" and self.record.detector == self.settings.row_detector

    @property
    def opens(self) -> bool:
        """Whether it suffices to open an incident: a witness never does."""
        if self.by_evidence:
            return self.finding is not None and self.finding.opens
        return not self.is_witness and self.reading.is_suspicious

    @property
    def is_bad(self) -> bool:
        """Whether this very window speaks for an incident."""
        if self.by_evidence:
            return self.finding is not None and self.finding.rose
        return self.reading.is_over

    @property
    def holds(self) -> bool:
        """Whether it keeps an open incident open."""
        if self.by_evidence:
            return self.finding is not None and self.finding.holds
        return self.reading.is_over


def advance(
    window: Window,
    incident: Incident | None,
    detectors: Mapping[DetectorName, DetectorState],
    *,
    suspicious_since: datetime | None,
    last_over: datetime | None,
) -> tuple[Incident | None, NoticeKind | None]:
    """Move the incident by one window.

    Args:
        window: the window, weighed.
        incident: the open incident; None while all is quiet.
        detectors: every detector's state, this window included.
        suspicious_since: start of the first window of the evidence that is up now.
        last_over: end of the series' last incident.

    Returns:
        The incident as it is now (with `over` set if this window ended it), and what is to be told.
    """
    if incident is None:
        if not window.opens or not _allowed(window, last_over):
            return None, None
        return _open(window, suspicious_since), "opened"
    if window.is_witness:
        confirmed = confirm(window, (incident,))
        return (incident, None) if confirmed is None else (confirmed, "joined")
    incident = _take_in(window, incident)
    name = window.record.detector
    joins = incident.finding(name) is None and window.opens
    if joins and _overlaps(incident, window.reading.state, window.record):
        joined = (*incident.detectors, _detector_finding(window))
        severity = _raised(max(incident.severity, _severity(window), key=SEVERITIES.index))
        return replace(incident, detectors=joined, severity=severity), "joined"
    if _is_over(window, incident, detectors):
        return replace(incident, over=window.record.window_end), "over"
    return incident, None


def confirm(window: Window, incidents: Iterable[Incident]) -> Incident | None:
    """Let a witness join the incident that its window touches.

    One window is enough: that there is an incident was found without it, and of a hundred normal windows a witness
    finds two or three strange.

    Returns:
        The incident with the witness in it; None where the window is normal, touches none, or has joined before.
    """
    if not (window.is_witness and window.reading.is_over):
        return None
    name = window.record.detector
    for incident in incidents:
        if window.touches(incident) and incident.finding(name) is None:
            joined = (*incident.detectors, _detector_finding(window))
            severity = _raised(max(incident.severity, _severity(window), key=SEVERITIES.index))
            return replace(incident, detectors=joined, severity=severity)
    return None


def _open(window: Window, suspicious_since: datetime | None) -> Incident:
    record, finding = window.record, window.finding
    started = suspicious_since if window.by_evidence else window.reading.state.suspicious_since
    incident = Incident(
        series=record.series,
        kind=finding.kind if window.by_evidence and finding else "score",
        severity=_severity(window),
        started=started or record.window_start,
        opened=record.window_end,
        last_bad=record.window_end,
        over=None,
        detectors=(_detector_finding(window),),
        columns=(),
        window_seconds=record.window_seconds,
    )
    return replace(incident, columns=update_columns(incident, record, finding))


def _take_in(window: Window, incident: Incident) -> Incident:
    """Let a window of an open incident update its end, its columns, its scores and its severity."""
    record, own = window.record, incident.finding(window.record.detector)
    if own is not None:
        score = max((s for s in (own.score, window.reading.score) if s is not None), default=None)
        updated = tuple(replace(found, score=score) if found is own else found for found in incident.detectors)
        incident = replace(incident, detectors=updated)
    if window.is_bad and (own is not None or window.opens):
        incident = replace(
            incident,
            last_bad=max(incident.last_bad, record.window_end),
            severity=max(incident.severity, _severity(window), key=SEVERITIES.index),
        )
    if record.window_seconds == incident.window_seconds and (window.is_bad or window.finding is not None):
        incident = replace(incident, columns=update_columns(incident, record, window.finding))
    return incident


def _is_over(window: Window, incident: Incident, detectors: Mapping[DetectorName, DetectorState]) -> bool:
    settings, now = window.settings, window.record.window_end
    for found in incident.detectors:
        detector = settings.detector(found.name)
        is_witness = found.name != settings.row_detector and detector is not None and detector.threshold == "evidence"
        state = detectors.get(found.name)
        if detector is None or is_witness or state is None or state.last is None:
            continue
        silent_since = now - state.last - timedelta(seconds=state.window_seconds)
        has_stopped = silent_since > timedelta(seconds=(settings.quiet_windows + 1) * state.window_seconds)
        if state.quiet < settings.quiet_windows and not has_stopped:
            return False
    return True


def _allowed(window: Window, last_over: datetime | None) -> bool:
    """Apply the detector's filters: cooldown, direction, minimum volume."""
    detector, record, finding = window.detector, window.record, window.finding
    if last_over is not None and record.window_end - last_over < timedelta(minutes=detector.cooldown_minutes):
        return False
    if finding is not None and finding.volume < detector.minimum_volume:
        return False
    if detector.direction == "any":
        return True
    probe = _open(window, None)
    return bool(probe.columns) and probe.columns[0].direction.lower() == detector.direction


def _overlaps(incident: Incident, state: DetectorState, record: ScoreRecord) -> bool:
    """Whether the detector's suspicious windows touch the incident's."""
    since = state.suspicious_since or record.window_start
    return since < incident.last_bad and incident.started < record.window_end


def _detector_finding(window: Window) -> DetectorFinding:
    record, reading = window.record, window.reading
    found = DetectorFinding(record.detector, record.window_end, reading.score, reading.threshold)
    distances = band_distances(record)
    if not record.expected or not distances:
        return found
    column = max(distances, key=distances.__getitem__)
    value, band = record.values[column], record.expected[column]
    return replace(found, column=column, direction="LOW" if value < band.median else "HIGH", value=value, expected=band)


def _severity(window: Window) -> Severity:
    score = window.reading.score
    reached = [level for level, least in window.detector.severity.items() if score is not None and score >= least]
    return max(["medium", *reached] if not window.detector.severity else ["low", *reached], key=SEVERITIES.index)


def _raised(severity: Severity) -> Severity:
    return SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]
