"""The statistics against closed forms."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwatch.detection.curves import Curve
from cutwatch.detection.dispersion import CountScatter, forget_held_counts, learn_counts
from cutwatch.detection.excursions import Evidence, History, add, age, remember
from cutwatch.detection.levels import half_life
from cutwatch.detection.likelihood import missing_change, rate_change, share_change
from cutwatch.detection.oddity import APART, USED, Oddity, notice_oddity
from cutwatch.detection.records import ExpectedRange
from cutwatch.detection.scores import band_score, learn_score
from cutwatch.detection.state import DetectorState
from tests.unit.detection.test_judgement import record


def log_poisson(count: int, mean: float) -> float:
    return count * math.log(mean) - mean - math.lgamma(count + 1)


@given(st.integers(0, 200), st.floats(0.1, 200), st.floats(0.01, 10))
def test_rate_change_is_the_ratio_of_two_poisson_probabilities(count: int, mean: float, factor: float) -> None:
    expected = log_poisson(count, factor * mean) - log_poisson(count, mean)

    assert rate_change(count, mean, factor, 1) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert rate_change(count, mean, factor, 4) == pytest.approx(expected / 4, rel=1e-6, abs=1e-6)


@given(st.integers(0, 50), st.integers(0, 50), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_share_change_is_the_ratio_of_two_binomial_probabilities(
    successes: int, failures: int, chance: float, factor: float
) -> None:
    changed = factor * chance
    expected = successes * math.log(changed / chance) + failures * math.log((1 - changed) / (1 - chance))

    assert share_change(successes, successes + failures, chance, factor, 1) == pytest.approx(expected, abs=1e-9)


@given(st.integers(0, 30), st.floats(0.05, 20), st.floats(0.1, 3))
def test_missing_change_is_the_ratio_of_two_poisson_probabilities(missing: int, mean: float, further: float) -> None:
    expected = log_poisson(missing, mean + further) - log_poisson(missing, mean)

    assert missing_change(missing, mean, further, mean) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert missing_change(missing, mean, further, 2 * mean) == pytest.approx(expected / 2, rel=1e-6, abs=1e-6)


def test_many_missing_are_nearly_normal() -> None:
    normal = 0.7 * ((1003 - 1000) - 0.35) / 4.0

    assert missing_change(1003, 1000, 0.7, 4.0) == pytest.approx(normal, rel=0.01)


def test_trailing_scores_are_plain_moments_at_first() -> None:
    rng = random.Random(1)
    scores = [rng.lognormvariate(0, 0.3) for _ in range(500)]
    state = DetectorState()
    for score in scores:
        state = learn_score(state, score)

    assert state.mean == pytest.approx(statistics.fmean(scores))
    assert state.variance == pytest.approx(statistics.pvariance(scores))
    assert state.log_centre == pytest.approx(0, abs=0.05)
    assert state.log_spread == pytest.approx(0.3, abs=0.05)


def test_a_learning_forest_teaches_nothing() -> None:
    assert learn_score(DetectorState(), 0.0) == DetectorState()
    assert learn_score(DetectorState(), None) == DetectorState()


@pytest.mark.parametrize(("value", "expected"), [(200, 0), (180, 1), (160, 2), (240, 1), (280, 2), (190, 0.5)])
def test_band_score_is_one_at_the_bands_edge(value: float, expected: float) -> None:
    one = record(0, 1.0, clicks=value)
    banded = type(one)(
        detector="deepar",
        window_start=one.window_start,
        window_seconds=600,
        values=one.values,
        expected={"CLICKS": ExpectedRange(180, 200, 240)},
    )

    assert band_score(banded) == pytest.approx(expected)
    assert band_score(one) is None


@pytest.mark.parametrize("burstiness", [1.0, 3.0])
@pytest.mark.parametrize("side", [-1, 1])
def test_dispersion_is_variance_over_mean(burstiness: float, side: int) -> None:
    rng = random.Random(2)
    scatter, rate = CountScatter(), half_life(5000)
    for _ in range(20_000):
        scatter = learn_counts(
            scatter, rng.gauss(100, math.sqrt(100 * burstiness)), 100, rate, side=side, suspicious=False
        )

    assert scatter.dispersion(100, floor=0, run=0) == pytest.approx(burstiness, rel=0.1)
    assert scatter.dispersion(100, floor=0, run=10) == pytest.approx(burstiness, rel=0.2)


def test_bursts_that_last_weigh_in_long_excursions_alone() -> None:
    rng = random.Random(3)
    scatter, rate, level = CountScatter(), half_life(5000), 0.0
    for _ in range(20_000):
        level = 0.9 * level + rng.gauss(0, 20 * math.sqrt(1 - 0.81))
        scatter = learn_counts(scatter, 100 + level, 100, rate, side=-1, suspicious=False)

    assert scatter.dispersion(100, floor=0, run=1) < 8
    assert scatter.dispersion(100, floor=0, run=10) > 15


def test_what_belonged_to_an_incident_is_forgotten_and_what_passed_counts() -> None:
    rate = half_life(100)
    calm = CountScatter()
    for _ in range(50):
        calm = learn_counts(calm, 100, 100, rate, side=-1, suspicious=False)
    suspicious = calm
    for _ in range(5):
        suspicious = learn_counts(suspicious, 0, 100, rate, side=-1, suspicious=True)

    assert suspicious.poisson.mean(1, 60) == calm.poisson.mean(1, 60)
    assert forget_held_counts(suspicious).poisson == calm.poisson
    passed = learn_counts(suspicious, 100, 100, rate, side=-1, suspicious=False)
    assert passed.poisson.mean(1, 60) > 1.2 * calm.poisson.mean(1, 60)


def test_opening_level_keeps_the_false_rate_of_an_exponential_tail() -> None:
    rng = random.Random(4)
    history = History()
    for _ in range(20):  # days of thirty innocent excursions with twice the exact model's scale
        for _ in range(30):
            peak = 3 + rng.expovariate(1 / 2)
            history = remember(Evidence(bad=8, peak=peak, history=history), level=10).history
        history = age(history, 1.0)

    level = history.level(0.01, 1440)

    assert 30 * math.exp(-(level - 3) / 2) == pytest.approx(0.01, rel=0.8)


def test_short_strong_excursions_teach_how_long_to_wait() -> None:
    history = History(days=5.0)
    assert history.windows(0.02, agrees=True) == 1

    for _ in range(3):
        history = remember(Evidence(bad=2, peak=50, agreed=True, history=history), level=10).history

    assert history.windows(0.02, agrees=True) == 3
    assert history.windows(0.02, agrees=False) == 3
    assert history.level(0.02, 1440) == History(days=5.0).level(0.02, 1440)


def test_evidence_is_reflected_capped_and_taken_back_slowly() -> None:
    evidence = add(Evidence(), -5, level=10, take_back=0.34, agrees=False)
    assert evidence.nats == 0
    evidence = add(evidence, 25, level=10, take_back=0.34, agrees=False)
    assert evidence.nats == 10
    assert evidence.peak == 25
    evidence = add(evidence, -25, level=10, take_back=0.34, agrees=False)
    assert evidence.nats == pytest.approx(6.6)


def test_curve_follows_a_smooth_function() -> None:
    rng = random.Random(5)
    curve = Curve()
    for _ in range(20_000):
        count = math.exp(rng.uniform(0, 6))
        curve = curve.learn(count, 20 * (1 - math.exp(-count / 30)) + rng.gauss(0, 1), half_life(1440))

    for count in (3, 20, 90, 300):
        expected = 20 * (1 - math.exp(-count / 30))
        assert curve.at(count) == pytest.approx(expected, abs=0.5)
    assert curve.at(100_000) is None


def test_a_stretch_of_odd_windows_is_one_surprise_and_custom_dulls_it() -> None:
    oddity, told = Oddity(), []
    for score in [1.0, 3.0, 2.9, 3.5, 1.0]:
        oddity, surprise = notice_oddity(oddity, score)
        told.append(surprise)

    assert told[:3] == [0, 3.0, 0]
    assert told[3] == pytest.approx(3.5 - USED, abs=1e-3)
    for _ in range(APART):
        oddity, _ = notice_oddity(oddity, 1.0)
    _, later = notice_oddity(oddity, 3.0)
    assert later == pytest.approx(3.0 - 2 * USED, abs=0.01)
