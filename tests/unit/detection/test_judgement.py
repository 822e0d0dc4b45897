"""The state machine by property: no duplicate notice, exactly one `over` for each opening, silence found."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwatch.detection.incidents import Incident, Notice
from cutwatch.detection.judgement import judge
from cutwatch.detection.records import ScoreRecord
from cutwatch.detection.settings import DetectionSettings, DetectorSettings, ThresholdKind
from cutwatch.detection.state import SeriesState

START = datetime(2020, 7, 7, tzinfo=UTC)
FIXED = DetectionSettings(detectors={"kinesis_rcf": DetectorSettings(threshold="fixed", value=2.0)}, quiet_windows=3)


def record(at: int, score: float, clicks: float = 30) -> ScoreRecord:
    users = round(clicks * 0.6)
    values = {"URLS": min(clicks, 9), "USERS": users, "CLICKS": clicks, "RESIDUALS": clicks - users}
    return ScoreRecord(
        detector="kinesis_rcf",
        window_start=START + timedelta(minutes=at),
        window_seconds=60,
        values=values,
        score=score,
    )


def run(rules: DetectionSettings, records: list[ScoreRecord]) -> tuple[SeriesState, list[Notice], list[Incident]]:
    state = SeriesState()
    notices: list[Notice] = []
    ended: list[Incident] = []
    for one in records:
        verdict = judge(rules, state, one)
        state = verdict.state
        notices += verdict.notices
        if verdict.incident and not verdict.incident.is_open:
            ended.append(verdict.incident)
    return state, notices, ended


def noisy(minutes: int, seed: int, fault: range = range(0)) -> list[ScoreRecord]:
    """A steady series with lognormal scores; in the fault it is silent and scores three times as high."""
    rng = random.Random(seed)
    return [
        record(
            at,
            rng.lognormvariate(0, 0.2) * (3 if at in fault else 1),
            0 if at in fault else max(0, round(rng.gauss(30, 5))),
        )
        for at in range(minutes)
    ]


def test_fixed_threshold_opens_after_k_of_n_and_closes_after_quiet_windows() -> None:
    scores = [1, 1, 3, 1, 3, 3, 1, 1, 1, 1]

    state, notices, ended = run(FIXED, [record(at, score) for at, score in enumerate(scores)])

    assert [notice.kind for notice in notices] == ["opened", "over"]
    assert notices[0].moment == START + timedelta(minutes=5)  # the second of three over the threshold
    assert notices[0].incident.started == START + timedelta(minutes=2)
    assert notices[1].moment == START + timedelta(minutes=9)
    assert ended[0].last_bad == START + timedelta(minutes=6)
    assert state.incident is None


def test_one_odd_score_opens_nothing() -> None:
    _, notices, _ = run(FIXED, [record(at, 9 if at % 4 == 0 else 1) for at in range(100)])

    assert notices == []


@pytest.mark.parametrize("threshold", ["sigma", "evidence"])
def test_silence_is_found_and_told_once(threshold: ThresholdKind) -> None:
    rules = DetectionSettings(detectors={"kinesis_rcf": DetectorSettings(threshold=threshold, value=3.0)})
    fault = range(1500, 1520)

    _, notices, ended = run(rules, noisy(1700, seed=1, fault=fault))

    about = [
        n for n in notices if n.incident.started <= START + timedelta(minutes=1520) <= n.moment + timedelta(hours=1)
    ]
    assert [notice.kind for notice in about][-2:] == ["opened", "over"]
    assert about[-2].moment <= START + timedelta(minutes=1500 + 3)
    assert abs(ended[-1].duration - timedelta(minutes=20)) <= timedelta(minutes=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([1.0, 3.0]), max_size=60), st.randoms(use_true_random=False))
def test_repetition_and_reordering_never_tell_twice(scores: list[float], rng: random.Random) -> None:
    records = [record(at, score) for at, score in enumerate(scores)]
    _, once, _ = run(FIXED, records)

    repeated = []  # each record comes again and again, after later ones too
    for at, one in enumerate(records):
        repeated += [one, *rng.sample(records[: at + 1], k=min(2, at + 1))]
    state, again, _ = run(FIXED, repeated)
    shuffled = rng.sample(records, k=len(records))
    _, disordered, _ = run(FIXED, shuffled)

    assert again == once
    assert state == run(FIXED, records)[0]
    for notices in (once, disordered):
        keys = [notice.key for notice in notices]
        assert len(keys) == len(set(keys))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([1.0, 3.0]), max_size=80), st.integers(0, 3))
def test_every_opening_is_followed_by_exactly_one_over(scores: list[float], cap: int) -> None:
    rules = DetectionSettings(detectors=FIXED.detectors, quiet_windows=2, notices_per_hour=cap, reminder_minutes=3)
    records = [record(at, score) for at, score in enumerate([*scores, *[1.0] * 10])]

    _, notices, _ = run(rules, records)

    told = [notice.kind for notice in notices if notice.kind in ("opened", "over")]
    assert told == ["opened", "over"] * (len(told) // 2)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**16), st.integers(1, 400))
def test_state_through_json_changes_nothing(seed: int, cut: int) -> None:
    records = noisy(420, seed, fault=range(200, 215))
    rules = DetectionSettings()
    whole = run(rules, records)

    state, first, _ = run(rules, records[:cut])
    state = SeriesState.from_json(state.to_json())
    second: list[Notice] = []
    for one in records[cut:]:
        verdict = judge(rules, state, one)
        state = verdict.state
        second += verdict.notices

    assert state == whole[0]
    assert first + second == whole[1]
