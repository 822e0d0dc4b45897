"""What must hold of every tree, after any sequence of operations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cutwatch.errors import DataError
from cutwatch.forest import RandomCutForest
from tests.unit.forest.blocks import check_tree, header, trees

Rows = NDArray[np.float64]

KINDS: dict[str, Callable[[np.random.Generator, tuple[int, int]], Rows]] = {
    "doubles": lambda rng, shape: rng.normal(size=shape) * 10.0 ** rng.integers(-3, 6),
    "counts": lambda rng, shape: rng.poisson(3.0, shape).astype(float),
    "few values": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
    "constant": lambda rng, shape: np.full(shape, 7.0),
    "extremes": lambda rng, shape: rng.choice([0.0, -0.0, 5e-324, 1e-310, 1e300, -1e300, 2.0**53, 2.0**53 + 2], shape),
}

forests = st.builds(
    RandomCutForest,
    st.sampled_from([1, 2, 4, 5, 9]),
    trees=st.sampled_from([1, 3, 6]),
    sub_sample_size=st.sampled_from([10, 11, 33]),
    time_decay=st.sampled_from([34, 60, 1_000, 2**31 - 1]),
    shingle_size=st.sampled_from([1, 1, 2, 3]),
    seed=st.integers(0, 2**64 - 1),
)
operations = st.lists(
    st.tuples(
        st.sampled_from(["learn_score", "update", "explain", "one", "threads", "save", "copy", "refused"]),
        st.sampled_from([0, 1, 2, 3, 5, 40, 130]),
        st.sampled_from(sorted(KINDS)),
    ),
    min_size=1,
    max_size=12,
)


def operate(forest: RandomCutForest, operation: str, rows: Rows) -> tuple[RandomCutForest, bool]:
    """Do one operation; returns the forest to go on with, and whether it learnt the rows."""
    match operation:
        case "learn_score":
            forest.learn_score(rows)
        case "threads":
            forest.learn_score(rows, threads=2)
        case "update":
            forest.update(rows)
        case "one":
            for row in rows.tolist():
                forest.learn_score_one(row)
        case "explain":
            forest.explain(rows)
        case "save":
            forest = RandomCutForest.from_bytes(forest.to_bytes())
        case "copy":
            forest = forest.copy()
        case "refused" if len(rows):
            rows[-1, -1] = np.nan
            with pytest.raises(DataError):
                forest.learn_score(rows)
    return forest, operation in ("learn_score", "threads", "update", "one")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(forest=forests, todo=operations, seed=st.integers(0, 2**32))
def test_trees_hold_together_after_any_operations(
    forest: RandomCutForest, todo: list[tuple[str, int, str]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    columns, shingle = forest.parameters.columns, forest.parameters.shingle_size
    learnt = np.empty((0, columns))
    for operation, count, kind in todo:
        rows = KINDS[kind](rng, (count, columns)) + 0.0
        forest, has_learnt = operate(forest, operation, rows)
        if has_learnt:
            learnt = np.concatenate([learnt, rows])
    assert header(forest)["seen"] == len(learnt)
    past = np.concatenate([np.repeat(learnt[:1], shingle - 1, axis=0), learnt])
    points = {past[i : i + shingle].tobytes() for i in range(len(learnt))}
    for tree in trees(forest):
        held = check_tree(tree, points)
        assert len(held) == min(len(learnt), forest.parameters.sub_sample_size)


def test_every_tree_holds_all_of_the_first_records() -> None:
    rows = np.round(np.random.default_rng(0).normal(size=(256, 2)) * 2) + 0.0
    forest = RandomCutForest(2, trees=10)
    forest.update(rows)
    expected = sorted(row.tobytes() for row in rows)
    assert all(sorted(check_tree(tree)) == expected for tree in trees(forest))


def test_trees_differ_from_one_another() -> None:
    rows = np.random.default_rng(0).normal(size=(256, 1))
    forest = RandomCutForest(1, trees=10)
    forest.update(rows)
    assert len({float(tree.node(int(tree.head["root"]))["cut"]) for tree in trees(forest)}) == 10


def places_of_first_cuts(forest: RandomCutForest) -> Rows:
    """For each tree, where its first cut lies on its side of the box, 0 to 1."""
    places = []
    for tree in trees(forest):
        root = int(tree.head["root"])
        low, high = tree.boxes[root][:, : tree.dims]
        node = tree.node(root)
        dim = int(node["dim"])
        places.append((node["cut"] - low[dim]) / (high[dim] - low[dim]))
    return np.array(places)


@pytest.mark.parametrize("order", [[0, 1, 3], [3, 1, 0], [1, 0, 3]])
def test_inserting_leaves_the_first_cut_uniform(order: list[int]) -> None:
    """However the points came: the cut falls between 1 and 3 twice as often as between 0 and 1."""
    places = []
    for seed in range(10):
        forest = RandomCutForest(1, trees=1_000, sub_sample_size=10, seed=seed)
        forest.update([float(value) for value in order])
        places.append(places_of_first_cuts(forest))
    assert (np.array(places) > 1 / 3).mean() == pytest.approx(2 / 3, abs=5 * np.sqrt(2 / 9 / 10_000))


def test_cuts_stay_uniform_as_records_come_and_go() -> None:
    """The first cut's place on its side is uniform, and its side is chosen in proportion to the sides' lengths."""
    forest = RandomCutForest(3, trees=1_000, sub_sample_size=12, time_decay=20, seed=2)
    forest.update(np.random.default_rng(3).normal(size=(400, 3)) * [1.0, 2.0, 5.0])
    chosen = np.zeros(3)
    expected = np.zeros(3)
    variance = np.zeros(3)
    for tree in trees(forest):
        root = int(tree.head["root"])
        part = (tree.boxes[root][1] - tree.boxes[root][0])[:3]
        part /= part.sum()
        chosen[tree.node(root)["dim"]] += 1
        expected += part
        variance += part * (1 - part)
    assert (np.abs(chosen - expected) < 5 * np.sqrt(variance)).all()
    places = places_of_first_cuts(forest)
    for quantile in (0.1, 0.25, 0.5, 0.75, 0.9):
        spread = np.sqrt(quantile * (1 - quantile) / 1_000)
        assert (places < quantile).mean() == pytest.approx(quantile, abs=5 * spread)
