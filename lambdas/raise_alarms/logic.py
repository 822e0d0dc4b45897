"""From score records to what must be stored and told, series by series. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cutwatch.detection.incidents import Incident, Notice
from cutwatch.detection.judgement import judge
from cutwatch.detection.messages import notice_json, notice_subject, notice_text
from cutwatch.detection.records import ScoreRecord
from cutwatch.detection.settings import DetectionSettings
from cutwatch.detection.state import SeriesState


@dataclass(frozen=True)
class Outcome:
    """What came of one series' records.

    Attributes:
        state: The series' state after them.
        incidents: Incidents that are new or changed, as they stand after the last record.
        notices: What to tell, in order.
    """

    state: SeriesState
    incidents: tuple[Incident, ...]
    notices: tuple[Notice, ...]


@dataclass(frozen=True)
class Message:
    """A notice, written out: what SNS is given.

    Attributes:
        key: Names the notice for good, so that receivers can drop a repetition.
        kind: `opened`, `joined`, `reminder` or `over`.
        severity: The incident's.
        subject: For e-mail; ASCII, at most 100 characters.
        text: For people.
        body: For machines; JSON.
    """

    key: str
    kind: str
    severity: str
    subject: str
    text: str
    body: str


def group_by_series(records: Iterable[ScoreRecord]) -> Mapping[str, Sequence[ScoreRecord]]:
    """Group the records of a batch, keeping the stream's order within each series."""
    groups: dict[str, list[ScoreRecord]] = {}
    for record in records:
        groups.setdefault(record.series, []).append(record)
    return groups


def judge_records(settings: DetectionSettings, state: SeriesState, records: Iterable[ScoreRecord]) -> Outcome:
    """Judge one series' records one after the other.

    Args:
        settings: The stage's settings; the series' own differences are applied by the judge.
        state: The series' state before them.
        records: Score records of this series, in the stream's order. Repeated ones change nothing.
    """
    incidents: dict[str, Incident] = {}
    notices: list[Notice] = []
    for record in records:
        verdict = judge(settings, state, record)
        state = verdict.state
        if verdict.incident is not None:
            incidents[verdict.incident.key] = verdict.incident
        notices += verdict.notices
    return Outcome(state=state, incidents=tuple(incidents.values()), notices=tuple(notices))


def write(notice: Notice, *, time_zone: str) -> Message:
    """Write a notice out for people, with times in their zone, and for machines."""
    return Message(
        key=notice.key,
        kind=notice.kind,
        severity=notice.incident.severity,
        subject=notice_subject(notice),
        text=notice_text(notice, time_zone=time_zone),
        body=notice_json(notice),
    )
