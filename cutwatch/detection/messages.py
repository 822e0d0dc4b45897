"""Notices in words for people, in one line for subjects, and as JSON for machines."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from cutwatch.detection import codec
from cutwatch.detection.columns import NOTABLE
from cutwatch.detection.incidents import ColumnFinding, DetectorFinding, Incident, Notice
from cutwatch.detection.quiet_times import parse_zone
from cutwatch.detection.records import ExpectedRange

DETECTOR_NAMES = {"kinesis_rcf": "Kinesis RCF", "sagemaker_rcf": "SageMaker RCF", "deepar": "DeepAR"}
KIND_TITLES = {
    "system": "system fault",
    "program": "program fault",
    "flood": "flood",
    "page": "page gone",
    "score": "anomaly",
}
SUBJECT_LIMIT = 100  # of SNS, which takes ASCII only


def notice_subject(notice: Notice) -> str:
    """One line of at most 100 ASCII characters, as SNS demands of a subject."""
    incident = notice.incident
    column = incident.columns[0] if incident.columns else None
    moved = f", {column.name} {column.direction}" if column else ""
    text = f"[{notice.kind}] {incident.series}: {KIND_TITLES[incident.kind]}{moved} ({incident.severity})"
    if notice.together:
        text += f" and {len(notice.together)} more"
    ascii_text = "".join(char if " " <= char <= "~" else "?" for char in text)
    return ascii_text if len(ascii_text) <= SUBJECT_LIMIT else ascii_text[: SUBJECT_LIMIT - 3] + "..."


def notice_text(notice: Notice, *, time_zone: str = "UTC") -> str:
    """The notice as plain text for an e-mail or a chat.

    Args:
        notice: what to tell.
        time_zone: in which times are written.
    """
    incident = notice.incident
    lines = [_headline(notice, time_zone), "", explain(incident, now=notice.moment, time_zone=time_zone)]
    lines += ["", "Columns, the leading one first:"]
    lines += [f"  {_column_line(column)}" for column in incident.columns]
    lines += ["", "Detectors:"]
    lines += [f"  {_detector_line(found, time_zone)}" for found in incident.detectors]
    for other in notice.together:
        lines += ["", f"Together with it, {other.series}: {explain(other, now=notice.moment, time_zone=time_zone)}"]
    if notice.held_back:
        lines += ["", f"{notice.held_back} notices before this one were held back by the hourly cap."]
    return "\n".join([*lines, "", f"Incident {incident.key}"])


def explain(incident: Incident, *, now: datetime | None = None, time_zone: str = "UTC") -> str:
    """The reason in one or two sentences: the leading column, the others that moved, the detectors."""
    end = incident.last_bad if incident.over else now or incident.last_bad
    since = f"{_clock(incident.started, time_zone)} ({_minutes(end - incident.started)})"
    words = []
    if incident.columns:
        column = incident.columns[0]
        shown = column.peak if incident.over else column.value
        expected = f", expected {_range(column.expected)}" if column.expected else ""
        how = f"{_how_far(column, shown)} than usual"
        words.append(f"{column.name} {_number(shown)}{expected}: {how} since {since}.")
        words += _others(incident)
    else:
        words.append(f"Unusual since {since}.")
    said = ", ".join(
        _detector_words(found) for found in incident.detectors if found.score is not None or found.direction
    )
    return " ".join([*words, f"{said}."] if said else words)


def notice_json(notice: Notice) -> str:
    """The notice as one JSON object for machines; `key` lets a receiver drop a repetition."""
    incident = notice.incident
    return json.dumps(
        {
            "version": 1,
            "key": notice.key,
            "notice": notice.kind,
            "moment": codec.format_time(notice.moment),
            "detector": notice.detector,
            "held_back": notice.held_back,
            "incident": incident_plain(incident),
            "together": [incident_plain(other) for other in notice.together],
            "reason": explain(incident, now=notice.moment),
        }
    )


def incident_plain(incident: Incident) -> dict[str, object]:
    """An incident as plain JSON data: its fields, and its key and duration besides."""
    plain: dict[str, object] = {"key": incident.key, **codec.to_plain(incident)}
    plain["duration_minutes"] = incident.duration.total_seconds() / 60
    return plain


def _headline(notice: Notice, zone: str) -> str:
    incident = notice.incident
    title = f"{KIND_TITLES[incident.kind]} on {incident.series} ({incident.severity})"
    if notice.kind == "opened":
        return f"{_article(title)} {title} has opened at {_clock(incident.opened, zone, day=True)}."
    if notice.kind == "joined":
        name = DETECTOR_NAMES.get(notice.detector or "", notice.detector)
        return f"{name} has joined the {title} of {_clock(incident.opened, zone, day=True)}."
    if notice.kind == "reminder":
        return f"Still open: the {title} of {_clock(incident.opened, zone, day=True)}."
    span = f"{_clock(incident.started, zone, day=True)} to {_clock(incident.last_bad, zone)}"
    return f"Over: the {title}, {span} ({_minutes(incident.duration)})."


def _others(incident: Incident) -> list[str]:
    moved = [column for column in incident.columns[1:] if column.weight >= NOTABLE]
    sentences = []
    for direction, word in (("LOW", "low"), ("HIGH", "high")):
        names = [column.name for column in moved if column.direction == direction]
        if names:
            too = " too" if direction == incident.columns[0].direction else ""
            sentences.append(f"{', '.join(names)} {word}{too}.")
    return sentences


def _how_far(column: ColumnFinding, value: float) -> str:
    """`far lower` is below half of the range's lower end, `far higher` as far above the range as that is wide."""
    word = "lower" if column.direction == "LOW" else "higher"
    if column.expected is None:
        return word
    low, median, high = column.expected
    is_far = value <= low / 2 if column.direction == "LOW" else value - high > high - median
    return f"far {word}" if is_far else word


def _detector_words(found: DetectorFinding) -> str:
    """What a detector says, in short."""
    name = DETECTOR_NAMES.get(found.name, found.name)
    if found.direction:
        return f"{name} {'below its 1' if found.direction == 'LOW' else 'above its 99'} % band"
    if found.score is None:
        return name
    against = f" (alarm above {_score(found.threshold)})" if found.threshold is not None else ""
    return f"{name} {_score(found.score)}{against}"


def _detector_line(found: DetectorFinding, zone: str) -> str:
    line = f"{_detector_words(found)}, since {_clock(found.joined, zone)}"
    if found.column is None or found.value is None or found.expected is None:
        return line
    return f"{line}: {found.column} {_number(found.value)}, forecast {_range(found.expected)}"


def _column_line(column: ColumnFinding) -> str:
    expected = f", expected {_range(column.expected)}" if column.expected else ""
    attribution = f", attribution {_score(column.attribution)}" if column.attribution else ""
    return (
        f"{column.name} {column.direction}: {_number(column.value)}{expected}, peak {_number(column.peak)}{attribution}"
    )


def _range(expected: ExpectedRange) -> str:
    low, high = _number(expected.low), _number(expected.high)
    return low if low == high else f"{low}–{high}"  # noqa: RUF001 - an en dash between numbers is what people read


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"


def _score(value: float) -> str:
    return f"{value:.1f}" if value >= 0.95 else f"{value:.2f}"


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def _clock(moment: datetime, zone: str, *, day: bool = False) -> str:
    local = moment.astimezone(parse_zone(zone))
    return f"{local:%Y-%m-%d %H:%M}" + ("" if zone != "UTC" else " UTC") if day else f"{local:%H:%M}"


def _article(title: str) -> str:
    return "An" if title[0] in "aeiou" else "A"
