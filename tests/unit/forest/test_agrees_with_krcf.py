"""Attributions against krcf, AWS's own Random Cut Forest in Rust, on data without repeats.

There the two differ by constants only: krcf multiplies by log2(sample size + 1), the Kinesis service by log2(sample
size), and krcf's points are of single precision. So the mean over seeds must agree within what seeds differ by.
"""

from __future__ import annotations

import math
from typing import Any

import krcf
import numpy as np
import pytest
from numpy.typing import NDArray

from cutwatch.forest import RandomCutForest

Values = NDArray[np.float64]
SEEDS, SAMPLES, PAST = 16, 64, 400


def past_and_candidates(columns: int) -> tuple[Values, Values]:
    """Correlated columns of different spread, and candidates inside, at the edge and far outside."""
    rng = np.random.default_rng(columns)
    mixing = rng.normal(size=(columns, columns)) + 2 * np.eye(columns)
    rows = rng.normal(size=(PAST + 40, columns)) @ mixing
    candidates = rows[PAST:]
    candidates[::4] *= 3
    candidates[1::8, 0] += 30
    return rows[:PAST], candidates


def ours(columns: int, past: Values, candidates: Values, seed: int) -> tuple[Values, Values]:
    forest = RandomCutForest(columns, trees=50, sub_sample_size=SAMPLES, time_decay=300, seed=seed)
    forest.update(past)
    scores = forest.explain(candidates)
    return scores.high, scores.low


def theirs(columns: int, past: Values, candidates: Values, seed: int) -> tuple[Values, Values]:
    options: Any = {
        "dimensions": columns,
        "shingle_size": 1,
        "num_trees": 50,
        "sample_size": SAMPLES,
        "lambda": 1 / 300,
        "output_after": 1,
        "random_seed": seed,
        "parallel_execution_enabled": False,
        "initial_accept_fraction": 1.0,
    }
    forest = krcf.RandomCutForest(options)
    for row in past.tolist():
        forest.update(row)
    told = [forest.attribution(row) for row in candidates.tolist()]
    factor = math.log2(SAMPLES) / math.log2(SAMPLES + 1)
    return np.array([t["high"] for t in told]) * factor, np.array([t["low"] for t in told]) * factor


@pytest.mark.parametrize("columns", [1, 2, 4, 7])
def test_attributions_agree_in_distribution(columns: int) -> None:
    past, candidates = past_and_candidates(columns)
    a = np.array([ours(columns, past, candidates, seed) for seed in range(SEEDS)])
    b = np.array([theirs(columns, past, candidates, seed) for seed in range(SEEDS)])
    error = np.sqrt((a.var(axis=0, ddof=1) + b.var(axis=0, ddof=1)) / SEEDS) + 1e-6
    z = (a.mean(axis=0) - b.mean(axis=0)) / error
    assert np.sqrt((z**2).mean()) < 1.35
    assert np.abs(z).max() < 6
    assert a.mean() == pytest.approx(b.mean(), rel=0.02)
    np.testing.assert_allclose(a.mean(axis=0).sum(axis=0), b.mean(axis=0).sum(axis=0), atol=0.25)
