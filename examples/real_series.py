"""Run RANDOM_CUT_FOREST in SQL over real series and compare with the scores that the real service gave them.

The scores are those that the Numenta Anomaly Benchmark published of Kinesis Analytics. A forest is random, so the yard
stick is another seed of ours: the service should be as near to ours as ours are to each other.

    .venv/bin/python examples/real_series.py [--seeds 3] [--json] [SERIES.csv.gz ...]
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from cutwatch.sql import compile_sql, load_application
from cutwatch.sql.file_run import RunOptions, run_file
from cutwatch.sql.files import open_input

HERE = Path(__file__).parent
ORACLES = Path(os.environ.get("CUTWATCH_ORACLES", HERE.parent.parent / "shared" / "oracles")) / "kinesis_rcf"
SERIES = (
    "realKnownCause__nyc_taxi.csv.gz",
    "realKnownCause__ambient_temperature_system_failure.csv.gz",
    "realAWSCloudwatch__ec2_cpu_utilization_53ea38.csv.gz",
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """How near the service's scores are to ours.

    Attributes:
        series: the file's name.
        rows: how many scores were compared.
        service_mae: mean absolute difference of the service's scores and one seed's of ours, over all seeds.
        own_mae: the same between two seeds of ours.
        spearman: rank correlation of the service's scores and the mean of ours, beyond the learning phase.
    """

    series: str
    rows: int
    service_mae: float
    own_mae: float
    spearman: float


def sql_scores(path: Path, seed: int) -> Floats:
    """The scores of one series, by the SQL beside this file, in the file's order."""
    application = load_application(HERE / "real_series.application.json")
    sql = HERE / "real_series.sql"
    program = compile_sql(sql.read_text(), application, file=str(sql))
    scores: list[float] = []
    with ExitStack() as stack:
        source = open_input(str(path), application.input.schema, stack, file_format="csv", renames={})
        run_file(
            program,
            application,
            source,
            RunOptions(
                seed=seed, allowed_lateness_seconds=None, tick_seconds=None, streams=("DESTINATION_SQL_STREAM",)
            ),
            now=datetime.now(UTC),
            sink=lambda row: scores.append(float(str(row.values["ANOMALY_SCORE"]))),
            report=lambda *_: None,
        )
    return np.array(scores)


def service_scores(path: Path) -> Floats:
    """The service's scores in the order of time; NaN where it published none."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: row["timestamp"])  # sorted() is stable, as the SQL run is
    return np.array([float(row["score"] or "nan") for row in rows])


def ranks(values: Floats) -> Floats:
    """Ranks from 0; those of equal values are their mean."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts + 1) / 2)[places]


def compare(path: Path, seeds: int) -> Agreement:
    """Run one series with several seeds and compare."""
    service = service_scores(path)
    known = ~np.isnan(service)
    ours = [sql_scores(path, seed)[known] for seed in range(1, seeds + 1)]
    service = service[known]
    learned = slice(256, None)
    pairs = [float(np.abs(a - b).mean()) for a, b in combinations(ours, 2)]
    correlation = np.corrcoef(ranks(service[learned]), ranks(np.mean(ours, axis=0)[learned]))[0, 1]
    return Agreement(
        series=path.name.removesuffix(".csv.gz"),
        rows=len(service),
        service_mae=float(np.mean([np.abs(service - scores).mean() for scores in ours])),
        own_mae=float(np.mean(pairs)),
        spearman=float(correlation),
    )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "files", nargs="*", type=Path, help="CSV with timestamp, value and score (default: three of NAB's)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many of our own seeds to compare with (default: 3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(argv)
    found = [compare(path, max(2, args.seeds)) for path in args.files or [ORACLES / name for name in SERIES]]
    if args.json:
        print(json.dumps({"series": [asdict(agreement) for agreement in found]}))
        return 0
    print(f"{'series':58} {'rows':>6} {'MAE to service':>14} {'MAE own seeds':>13} {'Spearman':>8}")
    for one in found:
        print(f"{one.series:58} {one.rows:6} {one.service_mae:14.4f} {one.own_mae:13.4f} {one.spearman:8.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
