"""Fidelity of the forest: does the real service look like another seed of ours?

    .venv/bin/python bench/fidelity.py [--json] [--seeds 10]

For each series of the reference data (../shared/oracles/kinesis_rcf, or CUTWATCH_ORACLES) it runs our forest with the
service's parameters for several seeds and compares: the service against one seed, one seed against another, and both
against the mean of the other seeds. `widest` is the ratio of the seed of ours that is least like the others. The bar:
the median over the series of the first two's ratio is at most 1.05, and no series is above 1.5. Exit code 1 where the
bar is missed. Takes about twenty seconds.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from bench.forest_oracles import Fidelity, compare, oracle_folder, read_series

MEDIAN_BAR = 1.05
SERIES_BAR = 1.5

HEAD = (
    f"{'MAE of':42} {'rows':>6} {'service':>9} {'seed':>9} {'ratio':>6} {'widest':>6} {'service':>9} {'seed':>9} "
    f"{'spear-':>7} {'bias':>9} {'z':>6}\n"
    f"{'against':42} {'':6} {'seed':>9} {'seed':>9} {'':6} {'seed':>6} {'mean':>9} {'mean':>9} {'man':>7}"
)


def line_of(one: Fidelity) -> str:
    return (
        f"{one.name[:42]:42} {one.rows:6} {one.service_seed:9.5f} {one.seed_seed:9.5f} {one.ratio:6.3f} "
        f"{one.widest_seed:6.3f} {one.service_mean:9.5f} {one.seed_mean:9.5f} {one.spearman:7.4f} {one.bias:9.5f} "
        f"{one.z:6.2f}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--seeds", type=int, default=10, help="default: %(default)s")
    args = parser.parse_args()
    paths = sorted(oracle_folder().glob("*.csv.gz"))
    if not paths:
        print(f"{oracle_folder()}: no reference series there (set CUTWATCH_ORACLES)", file=sys.stderr)
        return 4

    if not args.json:
        print(HEAD)
    found = []
    for path in paths:
        one = compare(read_series(path), args.seeds)
        found.append(one)
        if not args.json:
            print(line_of(one), flush=True)
    ratios = np.array([one.ratio for one in found])
    summary = {
        "seeds": args.seeds,
        "rows": sum(one.rows for one in found),
        "median_ratio": float(np.median(ratios)),
        "largest_ratio": float(ratios.max()),
        "mean_service_seed": float(np.mean([one.service_seed for one in found])),
        "mean_seed_seed": float(np.mean([one.seed_seed for one in found])),
        "mean_service_mean": float(np.mean([one.service_mean for one in found])),
        "mean_seed_mean": float(np.mean([one.seed_mean for one in found])),
        "median_spearman": float(np.median([one.spearman for one in found])),
        "pooled_z": float(np.sum([one.z for one in found]) / np.sqrt(len(found))),
    }
    if args.json:
        print(json.dumps({**summary, "series": [dataclasses.asdict(one) for one in found]}))
    else:
        print(
            f"\n{len(found)} series, {summary['rows']:,} rows, {args.seeds} seeds"
            f"\nratio of MAEs: median {summary['median_ratio']:.3f} (bar {MEDIAN_BAR}), "
            f"largest {summary['largest_ratio']:.3f} (bar {SERIES_BAR})"
            f"\nmean MAE: service against seed {summary['mean_service_seed']:.5f}, seed against seed "
            f"{summary['mean_seed_seed']:.5f}; service against the mean of the others "
            f"{summary['mean_service_mean']:.5f}, seed against it {summary['mean_seed_mean']:.5f}"
            f"\nSpearman, median {summary['median_spearman']:.4f}; pooled z of the mean score {summary['pooled_z']:.2f}"
        )
    return int(summary["median_ratio"] > MEDIAN_BAR or summary["largest_ratio"] > SERIES_BAR)


if __name__ == "__main__":
    sys.exit(main())
