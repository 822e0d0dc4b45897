"""What may enter a forest and what is refused, with one sentence that says where and why."""

from __future__ import annotations

import warnings
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from cutwatch.errors import DataError, DeveloperError
from cutwatch.forest import RandomCutForest, acceptable_rows
from tests.unit.forest.blocks import check_tree, trees

REFUSED: list[tuple[Any, str]] = [
    (float("nan"), "no value where a finite number is needed"),
    (None, "no value where a finite number is needed"),
    (float("inf"), "inf where a finite number is needed"),
    (float("-inf"), "-inf where a finite number is needed"),
    (10**400, "inf where a finite number is needed"),
    (2e304, "2e\\+304 is larger than the 1e\\+304"),
    (-1.7e308, "-1.7e\\+308 is larger than the 1e\\+304"),
    ("7", "'7' is not a number"),
    (True, "True is not a number"),
    (Decimal("1.5"), r"Decimal\('1.5'\) is not a number"),
    (1j, "1j is not a number"),
]


def small(columns: int = 2) -> RandomCutForest:
    return RandomCutForest(columns, trees=3, sub_sample_size=10, time_decay=100)


@pytest.mark.parametrize(("value", "reason"), REFUSED)
def test_refused_in_a_batch(value: object, reason: str) -> None:
    forest = small()
    before = forest.to_bytes()
    rows: list[list[Any]] = [[1.0, 2.0], [3.0, 4.0], [5.0, value]]
    for call in (forest.learn_score, forest.update, forest.score, forest.explain):
        with pytest.raises(DataError, match=f"^row 2, column 1: {reason}"):
            call(rows)
    assert forest.to_bytes() == before


@pytest.mark.parametrize(("value", "reason"), REFUSED)
def test_refused_alone(value: Any, reason: str) -> None:
    forest = small()
    before = forest.to_bytes()
    with pytest.raises(DataError, match=f"^row 0, column 1: {reason}"):
        forest.learn_score_one([1.0, value])
    assert forest.to_bytes() == before


def test_refused_by_threads_too() -> None:
    forest = small()
    rows = np.ones((100, 2))
    rows[70, 0] = np.inf
    before = forest.to_bytes()
    with pytest.raises(DataError, match=r"^row 70, column 0: inf"):
        forest.learn_score(rows, threads=2)
    assert forest.to_bytes() == before


@pytest.mark.parametrize("dtype", ["bool", "complex128", "U4", "S4", "datetime64[s]", "timedelta64[s]"])
def test_arrays_of_other_types_are_refused(dtype: str) -> None:
    with pytest.raises(DataError, match=r"^row 0, column 0: .* is not a number"):
        small(1).learn_score(np.zeros(3, dtype))


def test_wrong_lengths_alone() -> None:
    with pytest.raises(DeveloperError, match=r"^a row must have 2 values, not 3"):
        small().learn_score_one([1.0, 2.0, 3.0])


@pytest.mark.parametrize("dtype", ["i1", "u2", "i4", "i8", "u8", "f2", "f4", "f8", ">f8", "longdouble", "object"])
def test_every_numeric_type_is_taken(dtype: str) -> None:
    rows = (np.arange(120) % 11).reshape(60, 2)
    expected = small().learn_score(rows.astype(float)).score
    assert (small().learn_score(rows.astype(dtype)).score == expected).all()
    assert (small().learn_score(np.asfortranarray(rows.astype(dtype))).score == expected).all()


def test_single_rows_of_any_numbers() -> None:
    rows = (np.arange(120) % 11).reshape(60, 2)
    expected = small().learn_score(rows).score
    forest = small()
    assert [forest.learn_score_one(row).score for row in rows] == expected.tolist()  # type: ignore[arg-type]


def test_a_wider_float_that_overflows_is_refused_without_a_warning() -> None:
    if np.finfo(np.longdouble).max <= np.finfo(float).max:
        pytest.skip("longdouble is no wider here")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataError, match="inf where a finite"):
            small(1).learn_score(np.array([np.longdouble("1e400")]))


def test_acceptable_rows_are_exactly_those_that_are_taken() -> None:
    values: list[Any] = [1, 2.5, np.float32(3), np.int64(4), 1e304, 2**53 + 1, *(value for value, _ in REFUSED)]
    rows = [[1.0, value] for value in values]
    told = acceptable_rows(rows)
    for row, acceptable in zip(rows, told.tolist(), strict=True):
        forest = small()
        if acceptable:
            forest.learn_score([row])
            forest.learn_score_one(row)
        else:
            with pytest.raises(DataError):
                forest.learn_score([row])
    assert told.tolist() == [True] * 6 + [False] * len(REFUSED)
    assert acceptable_rows(np.array([[1.0, np.nan], [2.0, 3.0]])).tolist() == [False, True]
    assert acceptable_rows(np.empty((0, 2))).tolist() == []


def test_neighbours_beyond_2_to_the_53_stay_apart() -> None:
    values = 2.0**53 + 2 * np.arange(10)
    forest = RandomCutForest(1, trees=8, sub_sample_size=10, time_decay=100)
    forest.update(values)
    for tree in trees(forest):
        assert len(set(check_tree(tree))) == 10
    saved = RandomCutForest.from_bytes(forest.to_bytes())
    assert (saved.score(values) == forest.score(values)).all()
    assert (RandomCutForest(1, trees=8).learn_score([2**53 + 1, 2**63]).score == 0).all()


@pytest.mark.parametrize("columns", [1, 2, 4, 5, 30])
@pytest.mark.parametrize("scale", [1e304, 1e300, 2.0**53, 1e-290, 1e-300, 1e-308, 5e-324])
def test_scores_do_not_depend_on_the_scale(columns: int, scale: float) -> None:
    """Also not where squares overflow, reciprocals do, or numbers lose their bits."""
    steps = np.random.default_rng(3).integers(-8, 9, (200, columns)) / (8.0 if scale > 1e-300 else 1.0)
    scaled = (steps * scale) + 0.0
    make = [RandomCutForest(columns, trees=10, sub_sample_size=32, seed=4) for _ in range(2)]
    plain, found = make[0].learn_score(steps + 0.0), make[1].learn_score(scaled)
    assert np.isfinite(found.score).all()
    np.testing.assert_allclose(found.attribution.sum(axis=1), found.score, atol=1e-9)
    assert found.score[32:].mean() == pytest.approx(plain.score[32:].mean(), rel=0.1)
    saved = RandomCutForest.from_bytes(make[1].to_bytes())
    assert (saved.explain(scaled[:50]).high == make[1].explain(scaled[:50]).high).all()
    for tree in trees(make[1]):
        check_tree(tree)


def test_huge_and_tiny_side_by_side() -> None:
    rng = np.random.default_rng(5)
    rows = np.stack([rng.normal(size=300) * 1e300, rng.normal(size=300) * 1e-310, rng.normal(size=300)], axis=1)
    scores = RandomCutForest(3, trees=10, sub_sample_size=32).learn_score(rows)
    assert np.isfinite(scores.attribution).all()
    assert scores.attribution[32:, 0].sum() > 0.99 * scores.score[32:].sum()


def test_negative_zero_is_zero() -> None:
    with_sign, without = (
        RandomCutForest(1, trees=5, sub_sample_size=10, time_decay=50).learn_score([zero, 1.0] * 30).score
        for zero in (-0.0, 0.0)
    )
    assert (with_sign == without).all()
