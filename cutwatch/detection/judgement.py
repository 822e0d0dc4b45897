"""The one door of the judgement: a record in, a new state and what is to be told out. Pure.

verdict = judge(settings, state, record)
# keep verdict.state; publish verdict.notices; store verdict.incident where it is not None
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from cutwatch.detection.evidence import weigh
from cutwatch.detection.incidents import Incident, Notice
from cutwatch.detection.learning import learn
from cutwatch.detection.machine import Window, advance, confirm
from cutwatch.detection.notices import tell
from cutwatch.detection.quiet_times import in_maintenance
from cutwatch.detection.records import ScoreRecord
from cutwatch.detection.scores import learn_score, read_score
from cutwatch.detection.settings import DetectionSettings
from cutwatch.detection.state import DetectorState, SeriesState

RECENT = timedelta(days=2)  # how far a slower detector may be behind
RECENT_INCIDENTS = 16


@dataclass(frozen=True)
class Verdict:
    """What one record led to.

    Attributes:
        state: to be kept for the next record.
        notices: to be sent.
        incident: the one that is open or was just ended.
        confirmed: one that was over already, and that a detector with longer windows has joined now.
        surprise: how odd the forest finds the window, less what the series is used to; 0 mostly.
    """

    state: SeriesState
    notices: tuple[Notice, ...] = ()
    incident: Incident | None = None
    surprise: float = 0.0
    confirmed: Incident | None = None


def judge(settings: DetectionSettings, state: SeriesState, record: ScoreRecord) -> Verdict:
    """Judge one record of one series.

    At-least-once safe: a record whose window is not later than its detector's last one changes nothing, so repetition
    and re-ordering open nothing twice and skew no threshold.

    Args:
        settings: of the whole installation; the series' own differences are laid over here.
        state: of the record's series; `SeriesState(series=...)` for a new one.
        record: one detector's record of one window.
    """
    rules = settings.for_series(record.series)
    detector = rules.detector(record.detector)
    before = state.detectors.get(record.detector, DetectorState())
    if detector is None or (before.last is not None and record.window_start <= before.last):
        return Verdict(state, (), state.incident)
    if in_maintenance(rules.maintenance_intervals, record.window_start, record.window_seconds):
        seen = replace(before, last=record.window_start, window_seconds=record.window_seconds)
        return Verdict(state.with_detector(record.detector, seen), (), state.incident)

    reading = read_score(detector, before, record, warm_up=rules.warm_up_windows)
    finding = weighed = None
    evidence, since = state.evidence, state.evidence_since
    if record.detector == rules.row_detector:
        evidence, weighed = weigh(rules, evidence, record, agrees=reading.is_over)
        finding = weighed.finding
        since = (since or record.window_start) if finding.share > 0 else None
    window = Window(rules, detector, record, reading, finding)
    own = replace(reading.state, quiet=0 if window.holds else before.quiet + 1)
    detectors = {**state.detectors, record.detector: own}
    incident, news = advance(window, state.incident, detectors, suspicious_since=since, last_over=state.last_over)
    is_open = incident is not None and incident.is_open
    if weighed is not None:
        evidence = learn(rules, evidence, record, weighed, is_open=is_open)
    confirmed = None if news == "joined" else confirm(window, state.recent)
    if not (any(map(window.touches, _known(incident, state.recent))) if window.is_witness else is_open):
        detectors[record.detector] = learn_score(own, record.score)
    ledger, notices = tell(rules, state.ledger, incident, news, record)
    after = replace(
        state,
        detectors=detectors,
        evidence=evidence,
        evidence_since=since,
        incident=incident if is_open else None,
        recent=_remember(state.recent, confirmed, incident if news == "over" else None, record),
        last_over=record.window_end if news == "over" else state.last_over,
        ledger=ledger,
    )
    return Verdict(after, notices, incident, finding.surprise if finding else 0.0, confirmed)


def _known(incident: Incident | None, recent: tuple[Incident, ...]) -> tuple[Incident, ...]:
    return recent if incident is None else (*recent, incident)


def _remember(
    recent: tuple[Incident, ...], confirmed: Incident | None, ended: Incident | None, record: ScoreRecord
) -> tuple[Incident, ...]:
    """Keep the incidents that are over for as long as a slower detector may still have its say about them."""
    kept = [confirmed if confirmed and confirmed.key == one.key else one for one in recent]
    kept += [ended] if ended else []
    return tuple(one for one in kept[-RECENT_INCIDENTS:] if record.window_end - one.last_bad < RECENT)
