"""Speed of the forest: points per second of score + attribution + update, on one thread, against its peers.

    .venv/bin/python bench/forest.py [--json] [--columns 1,4,10,30] [--shingles 1,8,30] [--time-decays 4320,100000]

Prints, in one run, our forest and how many times as fast it is as krcf (AWS's Rust library), rrcf (pure Python) and a
plain C walk of 100 trees that learns nothing (bench/floor.c); in batches of 1,000 and one row a call. Then what a
second thread, many forests at once, learning alone, saving and starting up take. Contenders take turns, each one's best
turn counts, and (but for threads and start-up) time is processor time, so that what else the machine does harms little.
Takes about two minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from bench import forest_extras
from bench.forest_environment import enter_bench_environment
from bench.forest_peers import (
    SAMPLES,
    Case,
    Contender,
    Floor,
    Rows,
    krcf_row,
    our_forest,
    ours_batch,
    ours_row,
    rrcf_row,
    shingled,
)

TURNS = 7
SECONDS_A_TURN = 0.05


def traffic(rows: int, columns: int, seed: int) -> Rows:
    """Something like scaled counts of a site: a daily rhythm, noise of its own in each column, now and then a burst."""
    rng = np.random.default_rng(seed)
    rhythm = np.sin(np.arange(rows)[:, None] * (2 * np.pi / 1440) + rng.uniform(0, 1, columns))
    bursts = (rng.random((rows, 1)) < 0.005) * rng.exponential(4, (rows, columns))
    return rhythm + rng.normal(0, 0.4, (rows, columns)) + bursts


@dataclass
class Turn:
    """A contender with rows of its own, so many that a turn takes SECONDS_A_TURN."""

    name: str
    run: Contender
    rows: Rows
    best: float = 0.0

    def calibrate(self) -> None:
        count = 1
        while True:
            seconds = self._time(self.rows[:count])
            if seconds > SECONDS_A_TURN / 4 or count == len(self.rows):
                self.rows = self.rows[: max(1, round(count * SECONDS_A_TURN / seconds))]
                return
            count = min(len(self.rows), count * 3)

    def take(self) -> None:
        self.best = max(self.best, len(self.rows) / self._time(self.rows))

    def _time(self, rows: Rows) -> float:
        start = time.process_time()
        self.run(rows)
        return time.process_time() - start


def measure(case: Case) -> dict[str, float]:
    """Points per second of every contender."""
    past = traffic(max(3_000, min(40_000, 2_000_000 // case.dims)), case.columns, 1)
    rows = traffic(30_000, case.columns, 2)
    points = shingled(rows, case.shingle)[: 4_000_000 // case.dims]
    floor = Floor(case, past)
    turns = [
        Turn("ours_batch", ours_batch(our_forest(case, past)), rows),
        Turn("ours_row", ours_row(our_forest(case, past)), rows),
        Turn("krcf", krcf_row(case, past[-max(1_000, min(10_000, 400_000 // case.dims)) :]), rows),
        Turn("rrcf", rrcf_row(case, past[-SAMPLES - case.shingle :]), rows),
        Turn("floor_batch", floor.batch, points),
        Turn("floor_row", floor.row, points),
    ]
    for turn in turns:
        turn.calibrate()
    for _ in range(TURNS):
        for turn in turns:
            turn.take()
    floor.close()
    return {turn.name: turn.best for turn in turns}


def row_of(case: Case, rate: dict[str, float]) -> dict[str, object]:
    """One row of the result: ratios are ours over theirs."""
    return {
        "columns": case.columns,
        "shingle": case.shingle,
        "time_decay": case.time_decay,
        "krcf_batch": round(rate["ours_batch"] / rate["krcf"], 2),
        "krcf_row": round(rate["ours_row"] / rate["krcf"], 2),
        "floor_batch": round(rate["ours_batch"] / rate["floor_batch"], 2),
        "floor_row": round(rate["ours_row"] / rate["floor_row"], 2),
        "rrcf_batch": round(rate["ours_batch"] / rate["rrcf"]),
        "rrcf_row": round(rate["ours_row"] / rate["rrcf"]),
        "points_per_second": {name: round(value, 1) for name, value in rate.items()},
    }


HEAD = (
    "columns shingle   decay |  ours batch   ours row       krcf   rrcf  floor batch  floor row |"
    " batch: krcf  floor   rrcf | row: krcf  floor   rrcf"
)


def line_of(row: dict[str, object], rate: dict[str, float]) -> str:
    return (
        f"{row['columns']:7} {row['shingle']:7} {row['time_decay']:7} | {rate['ours_batch']:11,.0f} "
        f"{rate['ours_row']:10,.0f} {rate['krcf']:10,.0f} {rate['rrcf']:6,.0f} {rate['floor_batch']:12,.0f} "
        f"{rate['floor_row']:10,.0f} | {row['krcf_batch']:11} {row['floor_batch']:6} {row['rrcf_batch']:6} | "
        f"{row['krcf_row']:9} {row['floor_row']:6} {row['rrcf_row']:6}"
    )


def main() -> None:
    def numbers(text: str) -> list[int]:
        return [int(part) for part in text.split(",")]

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    parser.add_argument("--columns", type=numbers, default=[1, 4, 10, 30], help="default: %(default)s")
    parser.add_argument("--shingles", type=numbers, default=[1, 8, 30], help="default: %(default)s")
    parser.add_argument("--time-decays", type=numbers, default=[4_320, 100_000], help="default: %(default)s")
    args = parser.parse_args()
    enter_bench_environment()

    result: dict[str, object] = {"rows": (rows := [])}
    if not args.json:
        print("Points per second (100 trees of 256, one thread), and ours / theirs:\n" + HEAD)
    for columns in args.columns:
        for shingle in args.shingles:
            for time_decay in args.time_decays:
                case = Case(columns, shingle, time_decay)
                rate = measure(case)
                rows.append(row_of(case, rate))
                if not args.json:
                    print(line_of(rows[-1], rate), flush=True)
    result |= forest_extras.measure(traffic)
    if args.json:
        print(json.dumps(result))
    else:
        print("\n" + forest_extras.describe(result))


if __name__ == "__main__":
    main()
