"""The same stream gives the same bits, however it is cut into calls and whatever runs it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cutwatch.forest import RandomCutForest, Scores
from cutwatch.forest.native_library import core

Rows = NDArray[np.float64]
COUNT = 700


def stream(columns: int, seed: int) -> Rows:
    """Half of it whole numbers that repeat, half of it not."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(COUNT, columns)) * 3
    rows[: COUNT // 2] = np.round(rows[: COUNT // 2])
    return rows


def forest(columns: int, shingle_size: int = 1, trees: int = 7) -> RandomCutForest:
    return RandomCutForest(
        columns, trees=trees, sub_sample_size=48, time_decay=150, shingle_size=shingle_size, seed=columns
    )


def joined(parts: list[Scores]) -> Scores:
    return Scores(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("score", "high", "low")))


def assert_same_bits(a: Scores, b: Scores) -> None:
    for name in ("score", "high", "low"):
        assert getattr(a, name).tobytes() == getattr(b, name).tobytes()


@settings(max_examples=30, deadline=None)
@given(
    columns=st.sampled_from([1, 2, 4, 6, 30]),
    shingle_size=st.sampled_from([1, 1, 3, 8]),
    cuts=st.lists(st.integers(0, COUNT), max_size=8),
    threads=st.integers(1, 4),
)
def test_cuts_and_threads_change_nothing(columns: int, shingle_size: int, cuts: list[int], threads: int) -> None:
    rows = stream(columns, 1)
    whole = forest(columns, shingle_size)
    expected = whole.learn_score(rows)
    piecewise = forest(columns, shingle_size)
    places = [0, *sorted(cuts), COUNT]
    pieces = [rows[a:b] for a, b in pairwise(places)]
    assert_same_bits(joined([piecewise.learn_score(piece, threads=threads) for piece in pieces]), expected)
    assert piecewise.to_bytes() == whole.to_bytes()


@pytest.mark.parametrize("columns", [1, 3, 4, 7])
@pytest.mark.parametrize("shingle_size", [1, 4])
def test_row_by_row_is_as_in_a_batch(columns: int, shingle_size: int) -> None:
    rows = stream(columns, 2)
    expected = forest(columns, shingle_size).learn_score(rows)
    one = forest(columns, shingle_size)
    scores = [one.learn_score_one(row) for row in rows.tolist()]
    found = Scores(*(np.array([getattr(score, name) for score in scores]) for name in ("score", "high", "low")))
    assert_same_bits(found, expected)


@pytest.fixture
def kernels() -> Iterator[list[int]]:
    """The kernels that this processor runs; the best is in use again afterwards."""
    yield sorted({core().forest_variant(0), core().forest_variant(-1)})
    core().forest_variant(-1)


@pytest.mark.parametrize("columns", [1, 2, 6, 30])
def test_every_kernel_gives_the_same_bits(columns: int, kernels: list[int]) -> None:
    rows, found = stream(columns, 3), []
    for kernel in kernels:
        assert core().forest_variant(kernel) == kernel
        found.append(forest(columns, 2).learn_score(rows))
    for other in found[1:]:
        assert_same_bits(found[0], other)


def test_learning_alone_leads_to_the_same_state() -> None:
    rows = stream(3, 4)
    scored, silent = forest(3), forest(3)
    scored.learn_score(rows)
    silent.update(rows[:101])
    silent.update(rows[101:])
    assert silent.to_bytes() == scored.to_bytes()


@pytest.mark.parametrize("columns", [1, 4, 9])
@pytest.mark.parametrize("shingle_size", [1, 3])
def test_explain_foresees_what_learn_score_will_say(columns: int, shingle_size: int) -> None:
    rows = stream(columns, 5)
    asked = forest(columns, shingle_size)
    asked.update(rows[:200])
    before = asked.to_bytes()
    candidates = rows[200:230]
    foreseen = asked.explain(candidates)
    assert foreseen.score.tobytes() == asked.score(candidates).tobytes()
    assert asked.to_bytes() == before
    for i, candidate in enumerate(candidates):
        came_next = asked.copy().learn_score(candidate[None])
        assert came_next.score[0] == foreseen.score[i]
        assert (came_next.high[0] == foreseen.high[i]).all()
        assert (came_next.low[0] == foreseen.low[i]).all()


def test_seeds_matter_and_equal_seeds_agree() -> None:
    rows = stream(2, 6)
    a, b, c = (RandomCutForest(2, trees=5, sub_sample_size=32, seed=seed).learn_score(rows).score for seed in (1, 1, 2))
    assert a.tobytes() == b.tobytes()
    assert (a[32:] != c[32:]).mean() > 0.9


def test_a_copy_goes_its_own_way() -> None:
    rows = stream(2, 7)
    original = forest(2)
    original.update(rows[:300])
    saved = original.to_bytes()
    twin = original.copy()
    twin.update(rows[300:])
    assert original.to_bytes() == saved != twin.to_bytes()
