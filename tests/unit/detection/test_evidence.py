"""Named faults are found for the right reason among trouble of other kinds, and innocence is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from cutwatch.clickstream.generator import generate
from cutwatch.clickstream.rows import Rows, count_rows
from cutwatch.clickstream.scenario import Fault, FaultKind, Scenario
from cutwatch.clickstream.scoring import score_records
from cutwatch.detection.history import backtest
from cutwatch.detection.incidents import Incident
from cutwatch.detection.records import ScoreRecord
from cutwatch.detection.settings import DetectionSettings
from cutwatch.detection.state import SeriesState

BASE = Scenario(seed=11, days=3, clicks_per_minute=60, faults_per_day=0)


@cache
def rows_of(scenario: Scenario) -> Rows:
    return count_rows(generate(scenario))


def incidents_of(
    scenario: Scenario, settings: DetectionSettings | None = None, columns: tuple[str, ...] = ()
) -> tuple[Incident, ...]:
    records: list[ScoreRecord] = list(score_records(rows_of(scenario)))
    if columns:
        records = [replace(one, values={name: one.values[name] for name in columns}) for one in records]
    return backtest(settings or DetectionSettings(), records).incidents


def fault(kind: FaultKind, share: float = 0.0, *, day: int = 2, hours: float = 1, page: int = 0) -> Fault:
    start = BASE.start + timedelta(days=day, hours=11)
    return Fault(start, start + timedelta(hours=hours), kind, share, page)


@pytest.mark.parametrize(
    ("scenario", "kind", "lead", "minutes"),
    [
        (replace(BASE, fixed_faults=(fault("system"),)), "system", ("CLICKS", "LOW"), 3),
        (replace(BASE, fixed_faults=(fault("system", 0.05),)), "system", ("CLICKS", "LOW"), 3),
        (replace(BASE, fixed_faults=(fault("program", 0.2),)), "program", ("RESIDUALS", "HIGH"), 3),
        (replace(BASE, fixed_faults=(fault("flood", 6.0),)), "flood", ("CLICKS", "HIGH"), 3),
        (replace(BASE, clicks_per_minute=800, fixed_faults=(fault("page"),)), "page", ("URLS", "LOW"), 15),
    ],
)
def test_fault_is_found_soon_and_for_the_right_reason(
    scenario: Scenario, kind: str, lead: tuple[str, str], minutes: int
) -> None:
    found = incidents_of(scenario)

    assert [incident.kind for incident in found] == [kind]
    start = scenario.fixed_faults[0].start
    assert timedelta(0) < found[0].opened - start <= timedelta(minutes=minutes)
    assert (found[0].columns[0].name, found[0].columns[0].direction) == lead
    assert found[0].over is not None
    assert abs(found[0].last_bad - scenario.fixed_faults[0].end) <= timedelta(minutes=6)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"clicks_per_minute": 3.0},
        {"clicks_per_minute": 900.0, "visitors": "pool"},
        {"burstiness": 4.0},
        {"burstiness": 3.0, "burst_minutes": 5.0},
        {"crawlers_per_day": 4.0},
        {"drift_per_day": 0.3},
        {"night_share": 0.02},
    ],
)
def test_innocence_is_left_alone(changes: dict[str, object]) -> None:
    assert incidents_of(replace(BASE, **changes)) == ()  # type: ignore[arg-type]


def test_stalls_are_learnt_and_a_fault_among_them_still_found() -> None:
    scenario = replace(
        BASE, days=6, burstiness=3.0, stalls_per_day=8, fixed_faults=(fault("system", day=5, hours=0.2),)
    )

    found = incidents_of(scenario)

    start = scenario.fixed_faults[0].start
    true = [incident for incident in found if start < incident.opened < scenario.fixed_faults[0].end]
    assert len(true) == 1
    assert len(found) - len(true) <= 2


def test_a_site_at_five_percent_for_days_is_one_incident() -> None:
    scenario = replace(BASE, days=6, fixed_faults=(fault("system", 0.05, day=1, hours=72),))

    found = incidents_of(scenario)

    assert [incident.kind for incident in found] == ["system"]
    assert found[0].duration > timedelta(hours=71)


def test_users_merged_for_good_become_the_new_normal_after_a_day() -> None:
    scenario = replace(BASE, days=5, fixed_faults=(fault("program", 0.2, day=1, hours=85),))

    found = incidents_of(scenario)

    assert [incident.kind for incident in found] == ["program"]
    assert timedelta(hours=23) < found[0].duration < timedelta(hours=26)


def test_silence_never_becomes_normal() -> None:
    scenario = replace(BASE, days=6, fixed_faults=(fault("system", 0.0, day=1, hours=109),))

    found = incidents_of(scenario)

    assert [incident.is_open for incident in found] == [True]


def test_a_count_alone_is_judged_too() -> None:
    for one in (fault("system"), fault("flood", 6.0)):
        found = incidents_of(replace(BASE, fixed_faults=(one,)), columns=("CLICKS",))
        assert [(incident.kind, incident.columns[0].name) for incident in found] == [(one.kind, "CLICKS")]


def test_roles_are_settings() -> None:
    scenario = replace(BASE, fixed_faults=(fault("program", 0.2),))
    names = {"CLICKS": "ORDERS", "USERS": "BUYERS", "RESIDUALS": "REPEATS", "URLS": "GOODS"}
    records = [
        replace(one, values={names[name]: value for name, value in one.values.items()}, explanation=None)
        for one in score_records(rows_of(scenario))
    ]
    rules = DetectionSettings(
        count_column="ORDERS", distinct_column="BUYERS", kinds_column="GOODS", repeats_column="REPEATS"
    )

    (incident,) = backtest(rules, records).incidents

    assert incident.columns[0].name == "REPEATS"


def test_faults_that_are_not_sought_are_not_found() -> None:
    scenario = replace(BASE, fixed_faults=(fault("program", 0.2),))

    assert incidents_of(scenario, DetectionSettings(faults=("gone", "flood"))) == ()


def test_state_stays_small() -> None:
    outcome = backtest(DetectionSettings(), score_records(rows_of(BASE)))

    text = outcome.state.to_json()
    assert len(text) < 60_000
    assert SeriesState.from_json(text) == outcome.state
