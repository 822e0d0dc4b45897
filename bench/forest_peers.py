"""What bench/forest.py compares: our forest, krcf (AWS's Rust library), rrcf (pure Python), and a C floor.

Every contender scores records, says which column is to blame on which side, and learns them; rrcf does no attribution
and the floor does not learn, so both have it easier. All run on one thread with 100 trees of 256 records.
"""

from __future__ import annotations

import ctypes
import hashlib
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.forest_environment import ROOT
from cutwatch.forest import RandomCutForest
from tools.build_native import CACHE, FLAGS, system_compiler, zig_compiler

TREES = 100
SAMPLES = 256
BATCH = 1_000
"""Rows a call, where a contender takes batches."""

Rows = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One combination that is measured."""

    columns: int
    shingle: int
    time_decay: int

    @property
    def dims(self) -> int:
        return self.columns * self.shingle


Contender = Callable[[Rows], object]
"""Does its work on rows, shape (n, columns), however it likes it best."""


def our_forest(case: Case, past: Rows) -> RandomCutForest:
    forest = RandomCutForest(
        case.columns,
        trees=TREES,
        sub_sample_size=SAMPLES,
        time_decay=case.time_decay,
        shingle_size=case.shingle,
        seed=1,
    )
    forest.update(past)
    return forest


def ours_batch(forest: RandomCutForest, *, threads: int = 1) -> Contender:
    def run(rows: Rows) -> None:
        for start in range(0, len(rows), BATCH):
            forest.learn_score(rows[start : start + BATCH], threads=threads)

    return run


def ours_row(forest: RandomCutForest) -> Contender:
    def run(rows: Rows) -> None:
        for row in rows.tolist():
            forest.learn_score_one(row)

    return run


def krcf_row(case: Case, past: Rows) -> Contender:
    """Run krcf, which takes one record a call; `attribution` sums to the score, so `score` is not called as well."""
    import krcf

    options: Any = {
        "dimensions": case.columns,
        "shingle_size": case.shingle,
        "num_trees": TREES,
        "sample_size": SAMPLES,
        "lambda": 1 / case.time_decay,
        "output_after": SAMPLES,
        "random_seed": 1,
        "internal_shingling": True,
        "parallel_execution_enabled": False,
    }
    forest = krcf.RandomCutForest(options)
    for row in past.tolist():
        forest.update(row)

    def run(rows: Rows) -> None:
        for row in rows.tolist():
            forest.attribution(row)
            forest.update(row)

    return run


def rrcf_row(case: Case, past: Rows) -> Contender:
    """Run rrcf as its own streaming example has it: a window of the last SAMPLES records in every tree."""
    import rrcf

    shingles = shingled(past, case.shingle)[-SAMPLES:]
    trees: list[Any] = [rrcf.RCTree(shingles, index_labels=list(range(SAMPLES))) for _ in range(TREES)]
    number = SAMPLES

    def run(rows: Rows) -> None:
        nonlocal number
        for point in shingled(np.concatenate([past[-case.shingle :], rows]), case.shingle)[-len(rows) :]:
            for tree in trees:
                tree.forget_point(number - SAMPLES)
                tree.insert_point(point, index=number)
                tree.codisp(number)
            number += 1

    return run


def shingled(rows: Rows, shingle: int) -> Rows:
    windows = np.lib.stride_tricks.sliding_window_view(rows, shingle, axis=0)
    return np.ascontiguousarray(windows.transpose(0, 2, 1).reshape(len(windows), -1))


class Floor:
    """bench/floor.c, compiled as the forest's core is for this very machine."""

    def __init__(self, case: Case, past: Rows) -> None:
        self._library = ctypes.CDLL(str(compile_floor()))
        self._library.floor_new.restype = ctypes.c_void_p
        points = shingled(past, case.shingle)
        self._case = case
        self._floor = ctypes.c_void_p(
            self._library.floor_new(_address(points), ctypes.c_int64(len(points)), case.dims, TREES, SAMPLES)
        )
        self._score = self._library.floor_score
        pointer = ctypes.c_void_p
        self._score.argtypes = [pointer, pointer, ctypes.c_int64, pointer, pointer, pointer]
        self._score.restype = None

    def batch(self, points: Rows) -> None:
        for start in range(0, len(points), BATCH):
            part = points[start : start + BATCH]
            score, high, low = np.empty(len(part)), np.empty(part.shape), np.empty(part.shape)
            self._score(self._floor, part.ctypes.data, len(part), score.ctypes.data, high.ctypes.data, low.ctypes.data)

    def row(self, points: Rows) -> None:
        buffers = [np.empty(self._case.dims), np.empty(1), np.empty(self._case.dims), np.empty(self._case.dims)]
        row, score, high, low = (buffer.ctypes.data for buffer in buffers)
        for point in points.tolist():
            buffers[0][:] = point
            self._score(self._floor, row, 1, score, high, low)

    def close(self) -> None:
        self._library.floor_free(self._floor)


def _address(array: Rows) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def compile_floor() -> Path:
    """Compile the floor for this processor, or find it in the cache."""
    source = ROOT / "bench" / "floor.c"
    compiler = system_compiler() or zig_compiler(None)
    command = [*compiler.command, *FLAGS, "-fvisibility=default", "-march=native", "-shared"]
    digest = hashlib.sha256(repr((compiler.identity, command)).encode() + source.read_bytes()).hexdigest()[:16]
    library = CACHE / f"floor-{digest}.so"
    if not library.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run([*command, "-o", str(library), str(source), "-lm"], check=True)
    return library
