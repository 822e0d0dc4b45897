"""The threshold: the closed form without labels, the best F1 by trying every cut with them."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwatch.errors import DataError
from lambdas.calibrate_thresholds.logic import best_f1_threshold, calibrate, mark_faults
from lambdas.shared.calibration import Calibration


def test_without_labels_it_is_the_mean_plus_deviations() -> None:
    scores = [1.0, 2.0, 3.0, 6.0]
    found = calibrate(scores, run="r", sigma=2)
    assert found.mean == 3
    assert found.deviation == pytest.approx(sqrt(3.5))
    assert found.thresholds["sagemaker_rcf"] == pytest.approx(3 + 2 * sqrt(3.5))
    assert found.method == "sigma"
    assert sum(found.histogram) == 4


def f1(scores: list[float], faults: list[bool], threshold: float) -> float:
    told = [score > threshold for score in scores]
    hits = sum(a and b for a, b in zip(told, faults, strict=True))
    return 2 * hits / (sum(told) + sum(faults))


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40).filter(
    lambda rows: any(fault for _, fault in rows)))  # fmt: skip
def test_with_labels_no_other_cut_has_a_better_f1(rows: list[tuple[int, bool]]) -> None:
    scores, faults = [float(score) for score, _ in rows], [fault for _, fault in rows]
    best = max(f1(scores, faults, cut) for cut in [-1.0, *(score + 0.5 for score in scores)])
    assert f1(scores, faults, best_f1_threshold(scores, faults)) == pytest.approx(best)


def test_labels_are_held_against_the_rows_windows() -> None:
    index = "shop,2020-07-07T00:00:00Z\nshop,2020-07-07T00:10:00Z\nshop,2020-07-07T00:20:00Z\n"
    labels = "start,end,kind\n2020-07-07 00:05, 2020-07-07T00:20:00Z,system\n"
    assert mark_faults(index, labels, window_seconds=600) == [True, True, False]


def test_labels_in_another_form_are_refused() -> None:
    with pytest.raises(DataError, match="start,end,kind"):
        mark_faults("", "from,to\n1,2\n", window_seconds=600)


def test_no_scores_are_no_calibration() -> None:
    with pytest.raises(DataError, match="at least one"):
        calibrate([], run="r", sigma=3)


def test_a_calibration_survives_its_parameter() -> None:
    found = calibrate([1.0, 2.0], run="r", sigma=3, is_fault=[False, True])
    assert Calibration.from_json(found.to_json()) == found
    assert found.method == "labels"
    assert Calibration.from_json("{}").is_learning
