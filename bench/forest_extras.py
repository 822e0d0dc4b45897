"""The second half of bench/forest.py: threads, many forests, learning alone, saved state, start-up."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.forest_environment import ROOT
from bench.forest_peers import BATCH, Case, Rows, our_forest
from cutwatch.forest import ForestBank, RandomCutForest

Traffic = Callable[[int, int, int], Rows]
TURNS = 15

START_UP = """
import time, numpy
start = time.perf_counter()
from cutwatch.forest import RandomCutForest
forest = RandomCutForest(4)
forest.learn_score([[1.0, 2.0, 3.0, 4.0]])
print(time.perf_counter() - start)
"""


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    start = clock()
    work()
    return clock() - start


def best_seconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    return min(seconds(work, clock) for _ in range(TURNS))


def threads(traffic: Traffic) -> list[dict[str, Any]]:
    """What a second thread brings, in batches of BATCH."""
    found = []
    for columns in (4, 30):
        forest = our_forest(Case(columns, 1, 4_320), traffic(20_000, columns, 1))
        rows = traffic(BATCH, columns, 2)
        one, two = (
            best_seconds(partial(forest.learn_score, rows, threads=count), time.perf_counter) for count in (1, 2)
        )
        found.append(
            {"columns": columns, "one": round(BATCH / one), "two": round(BATCH / two), "ratio": round(one / two, 2)}
        )
    return found


def many_forests() -> list[dict[str, Any]]:
    """Rows per second over many keys, in batches of BATCH rows of mixed keys, against a Python loop over the keys."""
    rng = np.random.default_rng(7)
    found = []
    for keys, trees, samples in ((10, 100, 256), (300, 100, 256), (1_000, 20, 64)):
        count = keys * samples * 3 // 2
        rows, numbers = rng.normal(size=(count, 4)), rng.integers(0, keys, count)
        bank = ForestBank(4, trees=trees, sub_sample_size=samples, time_decay=4_320, seed=1)
        bank.learn_score(numbers, rows)
        in_one = in_loop = float("inf")
        for _ in range(TURNS):
            which, batch = rng.integers(0, keys, BATCH), rng.normal(size=(BATCH, 4))
            in_one = min(in_one, seconds(partial(bank.learn_score, which, batch)))
            which, batch = rng.integers(0, keys, BATCH), rng.normal(size=(BATCH, 4))
            in_loop = min(in_loop, seconds(partial(_loop_over_keys, bank, which, batch)))
        found.append(
            {
                "keys": keys,
                "trees": trees,
                "sub_sample_size": samples,
                "bank": round(BATCH / in_one),
                "loop": round(BATCH / in_loop),
            }
        )
    return found


def _loop_over_keys(bank: ForestBank, which: NDArray[np.int64], rows: Rows) -> None:
    for number in np.unique(which).tolist():
        bank[number].learn_score(rows[which == number])


def learning(traffic: Traffic) -> dict[str, float]:
    """Records per second learnt without being scored, at 4 columns."""
    forest, rows = our_forest(Case(4, 1, 4_320), traffic(20_000, 4, 1)), traffic(20_000, 4, 2)
    return {"update_per_second": round(len(rows) / best_seconds(lambda: forest.update(rows)))}


def saved_state() -> list[dict[str, Any]]:
    """Size of a saved forest and the time to save and to restore it, after 300,000 records all unlike."""
    rng = np.random.default_rng(5)
    found = []
    for name, rows in (
        ("1 column of doubles", rng.normal(size=(300_000, 1))),
        ("4 columns of integers below 1,000", rng.integers(0, 1_000, (300_000, 4))),
        ("4 columns of integers below 1,000,000", rng.integers(0, 1_000_000, (300_000, 4))),
        ("4 columns of decimals (12.34)", np.round(rng.normal(size=(300_000, 4)) * 30, 2)),
        ("4 columns of doubles", rng.normal(size=(300_000, 4))),
    ):
        forest = RandomCutForest(rows.shape[1], seed=1)
        forest.update(rows)
        blob = forest.to_bytes()
        found.append(
            {
                "data": name,
                "bytes": len(blob),
                "save_ms": round(best_seconds(forest.to_bytes) * 1e3, 2),
                "restore_ms": round(best_seconds(partial(RandomCutForest.from_bytes, blob)) * 1e3, 2),
            }
        )
    return found


def start_up() -> dict[str, float]:
    """Milliseconds from `import cutwatch.forest` to the first score, numpy already being imported."""
    runs = [
        float(subprocess.run([sys.executable, "-c", START_UP], cwd=ROOT, capture_output=True, check=True).stdout)
        for _ in range(TURNS)
    ]
    return {"start_up_ms": round(min(runs) * 1e3, 1)}


def measure(traffic: Traffic) -> dict[str, Any]:
    return {
        "threads": threads(traffic),
        "many_forests": many_forests(),
        "learning": learning(traffic),
        "state": saved_state(),
        "start_up": start_up(),
    }


def describe(result: dict[str, Any]) -> str:
    lines = ["Two threads against one, points per second in batches of 1,000:"]
    lines += [
        f"  {row['columns']:2} columns: {row['one']:,.0f} -> {row['two']:,.0f} ({row['ratio']}x)"
        for row in result["threads"]
    ]
    lines.append("Many forests, 4 columns, rows a second in batches of 1,000 rows of mixed keys:")
    lines += [
        f"  {row['keys']:5,} keys of {row['trees']:3} trees x {row['sub_sample_size']}: {row['bank']:,} in one call, "
        f"{row['loop']:,} in a loop over the keys"
        for row in result["many_forests"]
    ]
    lines.append(f"Learning alone, 4 columns: {result['learning']['update_per_second']:,} records a second")
    lines.append("Saved state at 100 x 256, time decay 100,000:")
    lines += [
        f"  {row['data']}: {row['bytes']:,} bytes, {row['save_ms']} ms to save, {row['restore_ms']} ms to restore"
        for row in result["state"]
    ]
    lines.append(f"Start-up, import to first score beyond numpy: {result['start_up']['start_up_ms']} ms")
    return "\n".join(lines)
