"""Records through the judge, one after the other: a batch in the deployed function, a whole history in a backtest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cutwatch.detection.incidents import Incident, Notice
from cutwatch.detection.judgement import judge
from cutwatch.detection.records import ScoreRecord
from cutwatch.detection.settings import DetectionSettings
from cutwatch.detection.state import SeriesState


@dataclass(frozen=True)
class Outcome:
    """What came of one series' records.

    Attributes:
        state: the series' state after them.
        incidents: those that are new or changed, as they stand after the last record, in the order of opening.
        notices: what to tell, in order.
    """

    state: SeriesState
    incidents: tuple[Incident, ...]
    notices: tuple[Notice, ...]


def judge_records(settings: DetectionSettings, state: SeriesState, records: Iterable[ScoreRecord]) -> Outcome:
    """Judge one series' records in order.

    Args:
        settings: the stage's; the series' own differences are applied by the judge.
        state: the series' state before them.
        records: of this series, in the stream's order; repeated ones change nothing.
    """
    incidents: dict[str, Incident] = {}
    notices: list[Notice] = []
    for record in records:
        verdict = judge(settings, state, record)
        state = verdict.state
        if verdict.incident is not None:
            incidents[verdict.incident.key] = verdict.incident
        if verdict.confirmed is not None:
            incidents[verdict.confirmed.key] = verdict.confirmed
        notices += verdict.notices
    return Outcome(state, tuple(incidents.values()), tuple(notices))


def backtest(settings: DetectionSettings, records: Iterable[ScoreRecord]) -> Outcome:
    """Judge the history of one series from the beginning, with nothing remembered."""
    history = list(records)
    series = history[0].series if history else SeriesState().series
    return judge_records(settings, SeriesState(series=series), history)
