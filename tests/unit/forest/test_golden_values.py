"""Exact scores of the real service, and what follows from its rules by hand."""

import math

import numpy as np
import pytest

from cutwatch.forest import RandomCutForest

EXACT = 1e-12


@pytest.mark.parametrize(("copies", "expected"), [(148, 0.121810790008), (250, 0.111535139398)])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_value_that_repeats(copies: int, expected: float, seed: int) -> None:
    first = np.repeat([20.0, 80.0], [copies, 256 - copies])
    np.random.default_rng(seed).shuffle(first)
    score = RandomCutForest(1, seed=seed).learn_score(np.append(first, 20.0)).score
    assert not score[:256].any()
    assert score[256] / 8 == pytest.approx(1 / (1 + math.log2(copies)), abs=EXACT)
    assert score[256] / 8 == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("columns", [1, 2, 4, 7, 30])
def test_a_constant_stream_and_the_first_change_after_it(columns: int) -> None:
    rows = np.full((301, columns), 3.25)
    rows[300, columns - 1] -= 0.5
    scores = RandomCutForest(columns).learn_score(rows)
    assert not scores.score[:256].any()
    assert scores.score[256] / 8 == pytest.approx(0.00389105058366, abs=EXACT)
    assert scores.score[256:300] / 8 == pytest.approx(np.full(44, 1 / 257), abs=EXACT)
    assert scores.score[300] == pytest.approx(8.0, abs=EXACT)
    assert scores.low[300, columns - 1] == pytest.approx(8.0, abs=EXACT)
    assert scores.high[300].sum() == 0
    assert scores.low[300, :-1].sum() == 0


def test_the_factor_is_log2_of_the_sub_sample_size() -> None:
    rows = np.r_[np.ones(40), 2.0]
    assert RandomCutForest(1, sub_sample_size=40).learn_score(rows).score[40] == pytest.approx(math.log2(40), abs=EXACT)
