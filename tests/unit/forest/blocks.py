"""A forest's block as Python sees it: the structures of native/layout.h, for tests that look inside the trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutwatch.forest import RandomCutForest

OFFSETS = ("next", "reciprocal", "log2s", "history", "first_tree", "tree_bytes")
TREE_OFFSETS = (
    "nodes",
    "ranges",
    "boxes",
    "points",
    "share",
    "keys",
    "slots",
    "masses",
    "spare_leaves",
    "spare_nodes",
)
HEADER = np.dtype(
    [
        *((name, "i4") for name in ("columns", "shingle", "trees", "samples", "dims", "width")),
        ("decay", "f8"),
        ("growth", "f8"),
        ("seen", "i8"),
        *((name, "i8") for name in OFFSETS + TREE_OFFSETS),
    ]
)
TREE = np.dtype(
    [
        ("random", "u8"),
        ("epoch", "i8"),
        *((name, "i4") for name in ("root", "filled", "spare_leaf_count", "spare_node_count")),
    ]
)
NODE = np.dtype([("cut", "f8"), ("child", "i2", 2), ("dim", "u2"), ("parent", "i2")])

Array = NDArray[Any]


@dataclass
class TreeView:
    """One tree; arrays are views into the forest."""

    samples: int
    dims: int
    head: Any
    nodes: Array
    ranges: Array
    boxes: Array
    points: Array
    share: Array
    keys: Array
    slots: Array
    masses: Array

    def node(self, x: int) -> Any:
        return self.nodes[x + self.samples]


def header(forest: RandomCutForest) -> Any:
    return forest._block[: HEADER.itemsize].view(HEADER)[0]


def next_records(forest: RandomCutForest) -> Array:
    """For each tree, the number of the record that it will take next."""
    at = int(header(forest)["next"])
    return forest._block[at : at + 8 * forest.parameters.trees].view("i8")


def trees(forest: RandomCutForest) -> Iterator[TreeView]:
    head = header(forest)
    samples, width = int(head["samples"]), int(head["width"])
    for number in range(int(head["trees"])):
        base = int(head["first_tree"] + number * head["tree_bytes"])

        def part(name: str, dtype: Any, count: int, skip: int = 0, base: int = base) -> Array:
            start = base + int(head[name]) + skip * np.dtype(dtype).itemsize
            return forest._block[start : start + count * np.dtype(dtype).itemsize].view(dtype)

        yield TreeView(
            samples,
            int(head["dims"]),
            forest._block[base : base + TREE.itemsize].view(TREE)[0],
            part("nodes", NODE, 2 * samples),
            part("ranges", "f8", samples, 1),
            part("boxes", "f8", samples * 2 * width, 2 * width).reshape(samples, 2, width),
            part("points", "f8", samples * width).reshape(samples, width),
            part("share", "f8", width),
            part("keys", "i4", samples),
            part("slots", "i2", samples),
            part("masses", "u2", samples),
        )


def check_tree(tree: TreeView, known_points: set[bytes] | None = None) -> list[bytes]:
    """Check everything that must hold of a tree; returns its points, each as often as the reservoir holds it."""
    filled = int(tree.head["filled"])
    slots, keys = tree.slots[:filled], tree.keys[:filled].astype(np.int64)
    leaves: list[int] = []
    inner: list[int] = []

    def visit(x: int, parent: int) -> tuple[Array, Array]:
        node = tree.node(x)
        assert node["parent"] == parent
        if x < 0:
            leaves.append(x)
            assert (node["child"] == x).all(), "a leaf leads back to itself"
            mass = int(tree.masses[~x])
            assert mass == (slots == x).sum() > 0, "a leaf's mass is its part of the reservoir"
            assert abs(node["cut"] - np.log2(mass)) < 1e-14
            return tree.points[~x], tree.points[~x]
        inner.append(x)
        (left_low, left_high), (right_low, right_high) = (visit(int(child), x) for child in node["child"])
        assert left_high[node["dim"]] <= node["cut"] < right_low[node["dim"]], "the cut separates"
        low, high = np.minimum(left_low, right_low), np.maximum(left_high, right_high)
        assert (tree.boxes[x, 0] == low).all(), "a box is the smallest that holds its points"
        assert (tree.boxes[x, 1] == high).all()
        assert tree.ranges[x] == np.float64(sum_of_sides(high - low))
        return low, high

    if filled:
        low, high = visit(int(tree.head["root"]), -1)
        varying = (high > low)[: tree.dims]
        expected = 0.5 * (varying if varying.any() else np.ones(tree.dims)) / (varying.sum() or tree.dims)
        np.testing.assert_array_equal(tree.share[: tree.dims], expected)
    assert len(leaves) == tree.samples - tree.head["spare_leaf_count"]
    assert max(0, len(leaves) - 1) == len(inner) == tree.samples - tree.head["spare_node_count"]
    points = [tree.points[~leaf, : tree.dims].tobytes() for leaf in leaves]
    assert len(set(points)) == len(points), "equal points share a leaf"
    if known_points is not None:
        assert known_points.issuperset(points), "a tree holds records of the stream"
    assert all(keys[(i - 1) // 2] >= keys[i] for i in range(1, filled)), "the largest key is on top"
    assert not filled or keys[0] - keys.min() < 2**20, "the keys can be saved"
    return [tree.points[~int(slot), : tree.dims].tobytes() for slot in slots]


def sum_of_sides(sides: Array) -> float:
    """The order in which native/vectors.h adds."""
    if len(sides) == 1:
        return float(sides[0])
    lanes = np.zeros(4)
    for i in range(0, len(sides), 4):
        lanes = lanes + sides[i : i + 4]
    return float((lanes[0] + lanes[2]) + (lanes[1] + lanes[3]))
