"""The forest as a user meets it."""

from __future__ import annotations

import doctest
import pickle

import numpy as np
import pytest
from numpy.typing import ArrayLike

from cutwatch import forest as package
from cutwatch.errors import DeveloperError
from cutwatch.forest import RandomCutForest, bank, explanation, forest, rows


@pytest.mark.parametrize("module", [forest, explanation, rows, bank])
def test_the_examples_in_the_docstrings_run(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted
    assert not found.failed


def test_everything_public_is_documented() -> None:
    assert all(getattr(package, name).__doc__ for name in package.__all__)


@pytest.mark.parametrize("columns", [1, 2, 30])
@pytest.mark.parametrize("n", [0, 1, 5])
def test_shapes(columns: int, n: int) -> None:
    scores = RandomCutForest(columns, trees=3).learn_score(np.ones((n, columns)))
    assert scores.score.shape == (n,)
    assert scores.high.shape == scores.low.shape == scores.attribution.shape == (n, columns)
    assert len(scores) == n


def test_empty_batches_change_nothing() -> None:
    forest = RandomCutForest(3, trees=3, shingle_size=2)
    before = forest.to_bytes()
    nothing: list[ArrayLike] = [[], np.empty((0, 3))]
    for empty in nothing:
        assert len(forest.learn_score(empty)) == 0
        forest.update(empty)
        assert len(forest.score(empty)) == 0
    assert forest.to_bytes() == before


def test_one_column_may_come_flat() -> None:
    values = np.arange(400.0) % 7
    flat, upright = RandomCutForest(1, trees=5), RandomCutForest(1, trees=5)
    assert flat.learn_score(values).score.tobytes() == upright.learn_score(values[:, None]).score.tobytes()


@pytest.mark.parametrize("given", [np.ones((4, 2)), np.ones(4), np.ones((2, 3, 1)), 5.0])
def test_another_shape_is_refused(given: object) -> None:
    with pytest.raises(DeveloperError, match=r"shape \(n, 3\)"):
        RandomCutForest(3, trees=1).learn_score(given)  # type: ignore[arg-type]


def test_ragged_rows_are_refused() -> None:
    with pytest.raises(DeveloperError, match="same number of values"):
        RandomCutForest(2, trees=1).learn_score([[1, 2], [3]])


def test_the_first_records_score_zero_and_no_others() -> None:
    scores = RandomCutForest(2, sub_sample_size=20).learn_score(np.random.default_rng(0).normal(size=(60, 2)))
    assert scores.learning.tolist() == [True] * 20 + [False] * 40
    assert not scores.attribution[:20].any()
    assert (scores.score[20:] > 0).all()
    assert not RandomCutForest(2, sub_sample_size=20).score([[1.0, 2.0]]).any()


@pytest.mark.parametrize("columns", [1, 2, 4, 11])
@pytest.mark.parametrize("shingle_size", [1, 5])
def test_attributions_sum_to_the_score(columns: int, shingle_size: int) -> None:
    rng = np.random.default_rng(columns)
    rows = np.where(rng.random((900, 1)) < 0.5, rng.integers(0, 3, (900, columns)), rng.normal(size=(900, columns)))
    scores = RandomCutForest(columns, trees=20, sub_sample_size=64, shingle_size=shingle_size).learn_score(rows)
    np.testing.assert_allclose(scores.attribution.sum(axis=1), scores.score, rtol=0, atol=1e-9)
    assert (scores.high >= 0).all()
    assert (scores.low >= 0).all()
    assert scores.score.max() <= 6 + 1e-12


@pytest.mark.parametrize("shingle_size", [1, 3])
def test_columns_without_variation_get_nothing(shingle_size: int) -> None:
    rng = np.random.default_rng(1)
    rows = np.full((800, 4), 5.0)
    rows[:, 1] = rng.integers(0, 4, 800)  # repeats, so that records equal leaves as well
    rows[:, 3] = rng.integers(0, 3, 800)
    scores = RandomCutForest(4, trees=20, sub_sample_size=64, shingle_size=shingle_size).learn_score(rows)
    assert not scores.attribution[:, [0, 2]].any()
    assert (scores.attribution[64:, [1, 3]] > 0).any(axis=0).all()


def test_a_record_that_stands_out_is_explained_by_its_column_and_side() -> None:
    rng = np.random.default_rng(2)
    forest = RandomCutForest(3, seed=3)
    forest.update(rng.normal(size=(1_000, 3)))
    scores = forest.explain([[0, 9, 0], [0, 0, -9]])
    assert (scores.score > 3).all()
    assert scores.high[0].argmax() == 1
    assert scores.high[0, 1] > 0.8 * scores.score[0]
    assert scores.low[1].argmax() == 2
    assert scores.low[1, 2] > 0.8 * scores.score[1]


def test_a_shingle_sees_what_single_records_cannot() -> None:
    rhythm = np.tile([1.0, 2.0, 3.0, 2.0], 300) + np.random.default_rng(3).normal(0, 0.05, 1_200)
    rhythm[1_000] = 3.0  # a value as usual as any, at the wrong time
    alone = RandomCutForest(1).learn_score(rhythm).score
    shingled = RandomCutForest(1, shingle_size=4).learn_score(rhythm).score
    assert alone[1_000] < np.quantile(alone[300:1_000], 0.99)
    assert shingled[1_000] > 1.5 * shingled[300:1_000].max()


def test_a_stream_begins_as_if_its_first_record_had_been_there_before() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(40, 2))
    late = RandomCutForest(2, trees=4, sub_sample_size=16, shingle_size=3, seed=5)
    scores = late.learn_score(rows).score
    past = np.concatenate([rows[:1], rows[:1], rows])
    shingles = np.stack([past[i : i + 3].ravel() for i in range(40)])
    plain = RandomCutForest(6, trees=4, sub_sample_size=16, seed=5)
    np.testing.assert_allclose(scores, plain.learn_score(shingles).score, rtol=1e-13)


def test_old_records_are_forgotten_sooner_with_a_smaller_time_decay() -> None:
    rows = np.r_[np.zeros(2_000), np.ones(600)] + np.random.default_rng(6).normal(0, 0.01, 2_600)
    quick, slow = (
        RandomCutForest(1, time_decay=decay, seed=1).learn_score(rows).score[-100:].mean() for decay in (300, 100_000)
    )
    assert quick < slow


def test_it_pickles() -> None:
    forest = RandomCutForest(2, trees=3, seed=8)
    forest.update(np.random.default_rng(7).normal(size=(300, 2)))
    assert pickle.loads(pickle.dumps(forest)).to_bytes() == forest.to_bytes()


def test_repr_tells_the_parameters() -> None:
    forest = RandomCutForest(2, trees=3, sub_sample_size=12, time_decay=50, shingle_size=4, seed=9)
    assert eval(repr(forest)).parameters == forest.parameters
