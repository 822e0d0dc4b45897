"""The rules around the state machine: joining, filters, notices, quiet hours, cap, maintenance, grouping."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cutwatch.detection.grouping import group_notices
from cutwatch.detection.history import backtest
from cutwatch.detection.incidents import Notice
from cutwatch.detection.records import DetectorName, ExpectedRange, ScoreRecord
from cutwatch.detection.settings import DetectionSettings, DetectorSettings
from tests.unit.detection.test_judgement import FIXED, START, noisy, record, run


def told(notices: list[Notice] | tuple[Notice, ...]) -> list[tuple[str, int]]:
    """Kind and minute of each notice."""
    return [(notice.kind, int((notice.moment - START) / timedelta(minutes=1))) for notice in notices]


def scored(scores: list[float]) -> list[ScoreRecord]:
    return [record(at, score) for at, score in enumerate(scores)]


def ten_minutes(at: int, detector: DetectorName, *, score: float | None = None, clicks: float = 300) -> ScoreRecord:
    return ScoreRecord(
        detector=detector,
        window_start=START + timedelta(minutes=at),
        window_seconds=600,
        values={"CLICKS": clicks},
        score=score,
        expected={"CLICKS": ExpectedRange(240, 300, 370)} if detector == "deepar" else None,
    )


OUTAGE = range(1500, 1520)


def outage_with(*others: ScoreRecord) -> list[ScoreRecord]:
    """A day and a half with an outage, and other detectors' records in the order of their coming."""
    return sorted([*noisy(1620, 1, OUTAGE), *others], key=lambda one: (one.window_end, one.window_seconds))


def test_detectors_join_once_confirm_and_raise_severity() -> None:
    others = [ten_minutes(at, "deepar", clicks=0 if at in OUTAGE else 300) for at in range(1400, 1600, 10)]
    others += [ten_minutes(at, "sagemaker_rcf", score=4.0 if at in OUTAGE else 1.0) for at in range(0, 1600, 10)]

    _, notices, (incident,) = run(DetectionSettings(), outage_with(*others))

    assert [notice.kind for notice in notices] == ["opened", "joined", "joined", "over"]
    assert {notice.detector for notice in notices[1:3]} == {"deepar", "sagemaker_rcf"}
    assert incident.detectors[0].name == "kinesis_rcf"
    forecast = incident.finding("deepar")
    assert forecast is not None
    assert (forecast.column, forecast.direction, forecast.value) == ("CLICKS", "LOW", 0)
    assert notices[0].incident.severity == "medium"
    assert incident.severity == "critical"
    assert incident.columns[0].value <= 60, "windows of ten minutes must not mix with those of one"


def test_windows_outside_a_forecast_band_open_nothing() -> None:
    others = [ten_minutes(at, "deepar", clicks=0 if at % 50 == 0 else 300) for at in range(0, 1200, 10)]

    _, notices, _ = run(DetectionSettings(), sorted([*noisy(1200, 1), *others], key=lambda one: one.window_end))

    assert notices == []


def test_without_the_minutes_the_ten_minute_rows_are_judged() -> None:
    rules = DetectionSettings(detectors={"kinesis_rcf": DetectorSettings(enabled=False)}, warm_up_windows=20)
    silent = range(2000, 2080)
    records = [
        ten_minutes(at, name, score=1.0 if name == "sagemaker_rcf" else None, clicks=0 if at in silent else 300)
        for at in range(0, 2400, 10)
        for name in ("sagemaker_rcf", "deepar")
    ]

    _, notices, ended = run(rules, records)

    assert [notice.kind for notice in notices] == ["opened", "joined", "over"]
    assert notices[0].detector == "sagemaker_rcf"
    assert ended[0].started >= START + timedelta(minutes=1990)
    assert notices[0].moment <= START + timedelta(minutes=2040)


def test_a_fixed_threshold_of_another_detector_opens_and_holds_by_itself() -> None:
    rules = DetectionSettings(
        detectors={"sagemaker_rcf": DetectorSettings(threshold="fixed", value=2.5, k=1, n=1)}, quiet_windows=2
    )
    records = [
        *noisy(300, 1),
        *(ten_minutes(at, "sagemaker_rcf", score=3.0 if at == 100 else 1.0) for at in range(0, 300, 10)),
    ]

    _, notices, _ = run(rules, sorted(records, key=lambda one: one.window_end))

    assert told(notices) == [("opened", 110), ("over", 130)]
    assert notices[0].incident.kind == "score"


def test_a_detector_that_falls_silent_does_not_hold_an_incident_for_ever() -> None:
    rules = DetectionSettings(
        detectors={
            "kinesis_rcf": DetectorSettings(threshold="fixed", value=2.0, k=1, n=1),
            "sagemaker_rcf": DetectorSettings(threshold="fixed", value=2.5, k=1, n=1),
        },
        quiet_windows=2,
    )
    records = [ten_minutes(0, "sagemaker_rcf", score=3.0), *(record(at, 3 if at == 12 else 1) for at in range(10, 120))]

    _, notices, _ = run(rules, records)

    assert [notice.kind for notice in notices] == ["opened", "joined", "over"]


@pytest.mark.parametrize(
    ("changes", "opens"),
    [
        ({}, True),
        ({"direction": "low"}, True),
        ({"direction": "high"}, False),
        ({"minimum_volume": 20.0}, True),
        ({"minimum_volume": 50.0}, False),
    ],
)
def test_filters(changes: dict[str, object], opens: bool) -> None:
    detector = replace(DetectorSettings(), **changes)  # type: ignore[arg-type]

    _, notices, _ = run(DetectionSettings(detectors={"kinesis_rcf": detector}), noisy(1620, 1, OUTAGE))

    assert bool(notices) is opens


def test_cooldown_keeps_a_detector_from_opening_again() -> None:
    scores = [1.0] * 5 + [3.0] * 3 + [1.0] * 5 + [3.0] * 3 + [1.0] * 5
    calm = replace(FIXED.detectors["kinesis_rcf"], cooldown_minutes=30)

    _, notices, _ = run(FIXED, scored(scores))
    _, fewer, _ = run(replace(FIXED, detectors={"kinesis_rcf": calm}), scored(scores))

    assert [kind for kind, _ in told(notices)] == ["opened", "over", "opened", "over"]
    assert [kind for kind, _ in told(fewer)] == ["opened", "over"]


def test_severity_follows_the_score() -> None:
    detector = replace(FIXED.detectors["kinesis_rcf"], severity={"medium": 2.5, "critical": 5.0})
    rules = replace(FIXED, detectors={"kinesis_rcf": detector})

    _, mild, _ = run(rules, scored([1, 2.2, 2.2, 1, 1, 1, 1]))
    _, grave, _ = run(rules, scored([1, 3, 3, 6, 1, 1, 1, 1]))

    assert [notice.incident.severity for notice in mild] == ["low", "low"]
    assert [notice.incident.severity for notice in grave] == ["medium", "critical"]


def test_reminders_come_while_it_is_open() -> None:
    rules = replace(FIXED, reminder_minutes=10)

    _, notices, _ = run(rules, scored([3.0] * 35 + [1.0] * 5))

    assert told(notices) == [("opened", 2), ("reminder", 12), ("reminder", 22), ("reminder", 32), ("over", 38)]


def test_quiet_hours_hold_notices_back_and_forget_what_is_over_by_then() -> None:
    rules = replace(FIXED, quiet_hours=("00:00-01:00",))
    scores = [1.0] * 10 + [3.0] * 5 + [1.0] * 35 + [3.0] * 30 + [1.0] * 10

    _, notices, ended = run(rules, scored(scores))

    assert told(notices) == [("opened", 60), ("over", 83)]
    assert notices[0].incident.started == START + timedelta(minutes=50)
    assert len(ended) == 2


def test_an_over_waits_for_the_end_of_quiet_hours() -> None:
    rules = replace(FIXED, quiet_hours=("00:10-01:00",))

    _, notices, _ = run(rules, scored([3.0] * 20 + [1.0] * 50))

    assert told(notices) == [("opened", 2), ("over", 60)]


def test_cap_holds_back_and_says_so() -> None:
    rules = replace(FIXED, notices_per_hour=2, quiet_windows=1)
    scores = [3.0, 3.0, 1.0, 1.0, 1.0, 3.0, 3.0, 1.0, 1.0, 1.0, *[1.0] * 60, 3.0, 3.0, 1.0, 1.0]

    _, notices, ended = run(rules, scored(scores))

    assert len(ended) == 3
    assert [kind for kind, _ in told(notices)] == ["opened", "over", "opened", "over"]
    assert notices[2].held_back == 1


def test_nothing_is_judged_or_learnt_in_maintenance() -> None:
    start, end = (START + timedelta(minutes=minute) for minute in (OUTAGE.start, OUTAGE.stop))
    rules = DetectionSettings(maintenance=(f"{start:%Y-%m-%dT%H:%M}/{end:%Y-%m-%dT%H:%M}",))
    records = noisy(1620, 1, OUTAGE)

    state, notices, _ = run(rules, records)

    assert notices == []
    spared = [one for at, one in enumerate(records) if at not in OUTAGE]
    assert state.evidence == run(DetectionSettings(), spared)[0].evidence


def test_series_that_open_together_are_told_together() -> None:
    opened = [
        run(FIXED, [replace(one, series=name) for one in scored([1.0] * wait + [3.0, 3.0])])[1][0]
        for name, wait in (("a", 0), ("b", 3), ("c", 30))
    ]
    graver = replace(opened[1], incident=replace(opened[1].incident, severity="critical"))

    together = group_notices([opened[0], graver, opened[2]], within_minutes=5)

    assert [notice.incident.series for notice in together] == ["b", "c"]
    assert [incident.series for incident in together[0].together] == ["a"]
    assert group_notices(opened, within_minutes=1) == tuple(opened)


def test_keys_name_series_and_start() -> None:
    outcome = backtest(FIXED, [replace(one, series="checkout") for one in scored([1, 3, 3, 1, 1, 1])])

    assert outcome.state.series == "checkout"
    assert outcome.incidents[0].key == "checkout@2020-07-07T00:01:00Z"
    assert outcome.notices[0].key == "checkout@2020-07-07T00:01:00Z/opened"
    assert outcome.incidents[0].started == datetime(2020, 7, 7, 0, 1, tzinfo=UTC)
