"""One notice instead of several where series open together: a site that goes down takes all its series with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from cutwatch.detection.incidents import Notice
from cutwatch.detection.settings import SEVERITIES


def group_notices(notices: Iterable[Notice], *, within_minutes: float) -> tuple[Notice, ...]:
    """Join openings of different series that lie within so many minutes of the first into one notice.

    The most severe of them speaks, and carries the others' incidents in `together`. Other notices pass as they are,
    in order. Pure: it groups what it is given, so a caller groups what it judged in one go.
    """
    told: list[Notice] = []
    leader: int | None = None
    for notice in notices:
        if notice.kind != "opened":
            told.append(notice)
            continue
        near = leader is not None and notice.moment - told[leader].moment <= timedelta(minutes=within_minutes)
        if leader is None or not near or _has(told[leader], notice.incident.series):
            leader = len(told)
            told.append(notice)
        else:
            told[leader] = _joined(told[leader], notice)
    return tuple(told)


def _has(group: Notice, series: str) -> bool:
    return series in (group.incident.series, *(incident.series for incident in group.together))


def _joined(group: Notice, notice: Notice) -> Notice:
    first, second = group, notice
    if SEVERITIES.index(notice.incident.severity) > SEVERITIES.index(group.incident.severity):
        first, second = notice, group
    return replace(first, together=(*first.together, second.incident, *second.together))
