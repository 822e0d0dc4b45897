"""ANOMALY_EXPLANATION, byte for byte."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from cutwatch.forest import RandomCutForest, format_explanation

# What AWS's developer guide shows for its example: score, then direction, strength and attribution of both columns.
PUBLISHED = [
    (0.711460417, ("LOW", 0.0922, 0.3792), ("HIGH", 0.0210, 0.3323)),
    (3.855851061, ("HIGH", 0.8567, 1.7447), ("HIGH", 7.0982, 2.1111)),
    (0.740069409, ("LOW", 0.0549, 0.3750), ("LOW", 0.0394, 0.3650)),
    (0.739644157, ("HIGH", 0.0245, 0.3667), ("LOW", 0.0524, 0.3729)),
    (0.736993425, ("HIGH", 0.0203, 0.3516), ("LOW", 0.0454, 0.3854)),
    (0.733767202, ("LOW", 0.0974, 0.3961), ("LOW", 0.0189, 0.3377)),
]


def sides(score: float, direction: str, strength: float, attribution: float) -> tuple[float, float]:
    """The high and low parts that our formula needs for a published column."""
    difference = strength / score * (1 if direction == "HIGH" else -1)
    return (attribution + difference) / 2, (attribution - difference) / 2


def test_the_published_row_comes_out_byte_for_byte() -> None:
    score, unrounded = 3.855851061, 2.55305e-05  # the two attributions sum to the score before they are rounded
    a_high, a_low = sides(score, "HIGH", 0.8567, 1.7447 + unrounded)
    b_high, b_low = sides(score, "HIGH", 7.0982, 2.1111 + unrounded)
    assert format_explanation(["Systolic", "Diastolic"], [a_high, b_high], [a_low, b_low], learning=False) == (
        '{"Systolic":{"DIRECTION":"HIGH","STRENGTH":"0.8567","ATTRIBUTION_SCORE":"1.7447"},'
        '"Diastolic":{"DIRECTION":"HIGH","STRENGTH":"7.0982","ATTRIBUTION_SCORE":"2.1111"}}'
    )


@pytest.mark.parametrize(("score", "systolic", "diastolic"), PUBLISHED)
def test_our_strength_can_be_every_published_one(
    score: float, systolic: tuple[str, float, float], diastolic: tuple[str, float, float]
) -> None:
    """No side's part need be negative, and the attributions sum to the score, as they do in ours."""
    for column in (systolic, diastolic):
        assert min(sides(score, *column)) >= 0
    assert systolic[2] + diastolic[2] == pytest.approx(score, abs=1.5e-4)


def test_strength_is_the_difference_of_the_sides_times_the_score() -> None:
    told = json.loads(format_explanation(["A", "B"], [0.5, 0.25], [0.125, 1.0], learning=False))
    assert told == {
        "A": {"DIRECTION": "HIGH", "STRENGTH": f"{0.375 * 1.875:.4f}", "ATTRIBUTION_SCORE": "0.6250"},
        "B": {"DIRECTION": "LOW", "STRENGTH": f"{0.75 * 1.875:.4f}", "ATTRIBUTION_SCORE": "1.2500"},
    }


def test_while_learning_every_column_is_low_with_nothing() -> None:
    nothing = '{"DIRECTION":"LOW","STRENGTH":"0.0000","ATTRIBUTION_SCORE":"0.0000"}'
    assert format_explanation(["A", "B"], [0.0, 0.0], [0.0, 0.0], learning=True) == f'{{"A":{nothing},"B":{nothing}}}'
    assert format_explanation(["A"], [3.0], [1.0], learning=True) == f'{{"A":{nothing}}}'


def test_without_directionality_only_the_attribution_is_told() -> None:
    told = format_explanation(["A", "B"], [0.5, 0.25], [0.125, 1.0], learning=False, with_directionality=False)
    assert told == '{"A":{"ATTRIBUTION_SCORE":"0.6250"},"B":{"ATTRIBUTION_SCORE":"1.2500"}}'


def test_a_draw_is_low_with_no_strength() -> None:
    told = format_explanation(["A"], [0.25], [0.25], learning=False)
    assert told == '{"A":{"DIRECTION":"LOW","STRENGTH":"0.0000","ATTRIBUTION_SCORE":"0.5000"}}'


@pytest.mark.parametrize("name", ['a "quoted" one', "back\\slash", "Größe", "line\nbreak"])
def test_names_are_json(name: str) -> None:
    told = format_explanation([name], [1.0], [0.0], learning=False)
    assert list(json.loads(told)) == [name]


def test_names_and_sides_must_match() -> None:
    with pytest.raises(ValueError, match="zip"):
        format_explanation(["A"], [1.0, 2.0], [0.0, 0.0], learning=False)


def test_of_a_real_forest() -> None:
    names = ["CLICKS", "USERS", "URLS"]
    rows = np.random.default_rng(1).poisson([200, 60, 18], (600, 3)).astype(float)
    rows[500, 1] = 5.0
    scores = RandomCutForest(3, sub_sample_size=64).learn_score(rows)
    number = r'"\d+\.\d{4}"'
    column = rf'"\w+":\{{"DIRECTION":"(HIGH|LOW)","STRENGTH":{number},"ATTRIBUTION_SCORE":{number}\}}'
    for i in range(0, 600, 25):
        told = format_explanation(names, scores.high[i], scores.low[i], learning=bool(scores.learning[i]))
        assert re.fullmatch(rf"\{{{column},{column},{column}\}}", told)
        parts = json.loads(told)
        assert list(parts) == names
        assert sum(float(part["ATTRIBUTION_SCORE"]) for part in parts.values()) == pytest.approx(
            scores.score[i], abs=2e-4
        )
    fault = json.loads(format_explanation(names, scores.high[500], scores.low[500], learning=False))
    assert fault["USERS"]["DIRECTION"] == "LOW"
    assert max(fault, key=lambda name: float(fault[name]["STRENGTH"])) == "USERS"
