"""Each parameter's range, and one clear sentence where it is left."""

from __future__ import annotations

from typing import Any

import pytest

from cutwatch.errors import DeveloperError
from cutwatch.forest import ForestParameters, RandomCutForest
from cutwatch.forest.parameters import LIMITS

USUAL: dict[str, Any] = {"columns": 2, "trees": 3, "sub_sample_size": 10, "time_decay": 2_000, "shingle_size": 1}


@pytest.mark.parametrize("name", LIMITS)
def test_both_ends_are_allowed_and_nothing_beyond(name: str) -> None:
    least, most = LIMITS[name]
    usual = USUAL | {"sub_sample_size": 10}
    for value in (least, most):
        if name == "time_decay" and value == least:
            continue  # allowed by itself, but no sub_sample_size is less
        assert getattr(ForestParameters(**usual | {name: value}), name) == value
    for value in (least - 1, most + 1):
        with pytest.raises(
            DeveloperError, match=f"^{name} must be a whole number from {least:,} to {most:,}, not {value}"
        ):
            ForestParameters(**usual | {name: value})


@pytest.mark.parametrize("name", [*LIMITS, "seed"])
@pytest.mark.parametrize("value", [2.0, True, "2", None, float("nan")])
def test_only_whole_numbers_are_allowed(name: str, value: object) -> None:
    with pytest.raises(DeveloperError, match=f"^{name} must be a whole number"):
        ForestParameters(**USUAL | {name: value})


def test_the_sample_must_be_smaller_than_the_decay() -> None:
    ForestParameters(1, sub_sample_size=256, time_decay=257)
    with pytest.raises(DeveloperError, match=r"^sub_sample_size must be less than time_decay, and 256 is not less"):
        ForestParameters(1, sub_sample_size=256, time_decay=256)


def test_the_defaults_are_the_services() -> None:
    assert ForestParameters(4) == ForestParameters(4, 100, 256, 100_000, 1, 0)
    assert RandomCutForest(4).parameters == ForestParameters(4)


def test_the_largest_forest_that_fits_a_test_runs() -> None:
    forest = RandomCutForest(30, trees=1, sub_sample_size=1_000, shingle_size=30, time_decay=2**31 - 1)
    assert forest.learn_score([[float(i + c) for c in range(30)] for i in range(1_005)]).score[1_000:].min() > 0


def test_any_seed_is_taken() -> None:
    for seed in (-1, 0, 2**64, 2**200):
        assert RandomCutForest(1, trees=1, seed=seed).to_bytes()
