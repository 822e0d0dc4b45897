"""Which columns an incident moved, in order, with direction and expected range."""

from __future__ import annotations

from dataclasses import replace

from cutwatch.detection.finding import Finding
from cutwatch.detection.incidents import ColumnFinding, Direction, Incident
from cutwatch.detection.records import ScoreRecord

NOTABLE = 2.0  # standard deviations from which on a column is said to have moved
CAP = 20.0  # of one window's deviation, so that no single window decides the order


def update_columns(incident: Incident, record: ScoreRecord, finding: Finding | None) -> tuple[ColumnFinding, ...]:
    """Add one window to the columns of an incident; the leading column comes first.

    A named fault's column leads by its evidence. Without one (`score`), the columns are in the order of the
    detector's attribution, summed over the incident.
    """
    known = {column.name: column for column in incident.columns}
    for name in _names(record, finding):
        known[name] = _updated(known.get(name), name, record, finding)
    lead = finding.lead if finding and incident.kind != "score" and finding.kind == incident.kind else None
    if lead and lead[0] in known:
        known[lead[0]] = replace(known[lead[0]], direction=lead[1])
    first = _lead_name(incident, lead)
    by_score = incident.kind == "score" and any(column.attribution for column in known.values())
    return tuple(
        sorted(
            known.values(),
            key=lambda column: (column.name != first, -(column.attribution if by_score else column.weight)),
        )
    )


def _lead_name(incident: Incident, lead: tuple[str, Direction] | None) -> str | None:
    if incident.kind == "score":
        return None
    if incident.columns:  # a named fault keeps its leading column
        return incident.columns[0].name
    return lead[0] if lead else None


def _names(record: ScoreRecord, finding: Finding | None) -> list[str]:
    deviations = finding.deviations if finding else {}
    names = dict.fromkeys([*deviations, *(record.explanation or ()), *(record.expected or ())])
    return [name for name in names if name in record.values]


def _updated(old: ColumnFinding | None, name: str, record: ScoreRecord, finding: Finding | None) -> ColumnFinding:
    value = record.values[name]
    off = finding.deviations.get(name, 0.0) if finding else 0.0
    explained = record.explanation.get(name) if record.explanation else None
    expected = (record.expected or {}).get(name) or (finding.expected.get(name) if finding else None)
    expected = expected or (old.expected if old else None)
    if old is None:
        direction: Direction = "HIGH" if off > 0 else "LOW"
        if off == 0 and explained:
            direction = explained.direction
        old = ColumnFinding(name, direction, value, value, expected, 0.0, 0.0)
    weight = old.weight + (min(abs(off), CAP) if abs(off) >= NOTABLE else 0.0)
    attribution = old.attribution + (explained.attribution if explained else 0.0)
    further = (value > old.peak) if old.direction == "HIGH" else (value < old.peak)
    return replace(
        old, value=value, peak=value if further else old.peak, expected=expected, weight=weight, attribution=attribution
    )
