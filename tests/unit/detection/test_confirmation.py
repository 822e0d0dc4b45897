"""Detectors with longer windows join the incident their window touches, also when it is over already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cutwatch.detection.history import judge_records
from cutwatch.detection.incidents import Incident
from cutwatch.detection.judgement import judge
from cutwatch.detection.records import DetectorName, ExpectedRange, ScoreRecord
from cutwatch.detection.settings import DetectionSettings
from cutwatch.detection.state import SeriesState

START = datetime(2020, 7, 15, tzinfo=UTC)
BAND = {"CLICKS": ExpectedRange(200.0, 300.0, 400.0)}


def minute(at: int, clicks: float = 30.0) -> ScoreRecord:
    values = {"CLICKS": clicks, "USERS": round(clicks * 0.7), "URLS": min(clicks, 12.0), "RESIDUALS": clicks * 0.3}
    start = START + timedelta(minutes=at)
    return ScoreRecord(detector="kinesis_rcf", window_start=start, window_seconds=60, values=values, score=1.0)


def ten_minutes(at: int, clicks: float, detector: DetectorName = "deepar", score: float | None = None) -> ScoreRecord:
    expected = BAND if detector == "deepar" else None
    return ScoreRecord(
        detector=detector,
        window_start=START + timedelta(minutes=at),
        window_seconds=600,
        values={"CLICKS": clicks},
        score=score,
        expected=expected,
    )


def outage(first: int = 400, last: int = 420, end: int = 460) -> list[ScoreRecord]:
    return [minute(at, 0.0 if first <= at < last else 30.0) for at in range(end)]


@pytest.fixture(scope="module")
def after_outage() -> tuple[SeriesState, Incident]:
    outcome = judge_records(DetectionSettings(), SeriesState(), outage())
    (incident,) = outcome.incidents
    assert not incident.is_open
    return outcome.state, incident


def test_a_window_that_comes_when_all_is_over_confirms_silently(after_outage: tuple[SeriesState, Incident]) -> None:
    state, incident = after_outage
    verdict = judge(DetectionSettings(), state, ten_minutes(400, 0.0))
    assert verdict.confirmed is not None
    assert verdict.confirmed.key == incident.key
    assert [found.name for found in verdict.confirmed.detectors] == ["kinesis_rcf", "deepar"]
    assert verdict.notices == ()
    again = judge(DetectionSettings(), verdict.state, ten_minutes(410, 0.0))
    assert again.confirmed is None  # it has joined before
    restored = SeriesState.from_json(verdict.state.to_json())
    assert restored == verdict.state


def test_a_normal_window_and_one_that_touches_nothing_confirm_nothing(
    after_outage: tuple[SeriesState, Incident],
) -> None:
    state, _ = after_outage
    assert judge(DetectionSettings(), state, ten_minutes(400, 300.0)).confirmed is None
    verdict = judge(DetectionSettings(), state, ten_minutes(100, 0.0))
    assert verdict.confirmed is None
    assert verdict.state.incident is None  # one window outside the band opens nothing


def test_a_window_that_comes_in_time_joins_and_is_told() -> None:
    opened = judge_records(DetectionSettings(), SeriesState(), outage(last=600, end=415))
    verdict = judge(DetectionSettings(), opened.state, ten_minutes(400, 0.0))
    assert [notice.kind for notice in verdict.notices] == ["joined"]
    assert verdict.incident is not None
    assert [found.name for found in verdict.incident.detectors] == ["kinesis_rcf", "deepar"]


def test_an_open_incident_is_left_alone_by_windows_of_another_time() -> None:
    opened = judge_records(DetectionSettings(), SeriesState(), outage(last=600, end=415))
    verdict = judge(DetectionSettings(), opened.state, ten_minutes(100, 0.0))
    assert verdict.incident == opened.state.incident
    assert verdict.notices == ()


def test_a_trained_threshold_speaks_from_the_first_window(after_outage: tuple[SeriesState, Incident]) -> None:
    state, _ = after_outage
    strange = ten_minutes(400, 0.0, "sagemaker_rcf", score=2.8)
    assert judge(DetectionSettings(), state, strange).confirmed is None  # nothing known of its scores yet
    trained = DetectionSettings().with_thresholds({"sagemaker_rcf": 2.6})
    assert judge(trained, state, strange).confirmed is not None


def test_what_is_long_past_is_forgotten(after_outage: tuple[SeriesState, Incident]) -> None:
    state, _ = after_outage
    assert len(state.recent) == 1
    later = judge(DetectionSettings(), state, minute(3 * 1440)).state
    assert later.recent == ()
