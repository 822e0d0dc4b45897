"""What goes with a batch beside the judgement itself: records by series, notices in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cutwatch.detection.incidents import Notice
from cutwatch.detection.messages import notice_json, notice_subject, notice_text
from cutwatch.detection.records import ScoreRecord


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
