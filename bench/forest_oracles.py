"""The real service's published scores, and how ours compare with them: shared by bench/fidelity.py and its test."""

from __future__ import annotations

import csv
import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.forest_environment import ROOT
from cutwatch.forest import RandomCutForest

LEARNING = 256
"""The service's sub-sample size: so many records score 0."""

Values = NDArray[np.float64]


def oracle_folder() -> Path:
    """The folder of reference data: ../shared/oracles beside the checkout, or CUTWATCH_ORACLES."""
    return Path(os.environ.get("CUTWATCH_ORACLES", ROOT.parent / "shared" / "oracles")) / "kinesis_rcf"


@dataclass(frozen=True)
class Series:
    """One series with the scores that the service gave it; NaN where its order of rows is not known."""

    name: str
    values: Values
    service: Values

    def first(self, rows: int) -> Series:
        return Series(self.name, self.values[:rows], self.service[:rows])


def read_series(path: Path) -> Series:
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    values = np.array([float(row["value"]) for row in rows])
    service = np.array([float(row["score"] or "nan") for row in rows])
    return Series(path.name.removesuffix(".csv.gz"), values, service)


def own_scores(series: Series, seeds: int) -> Values:
    """Our scores with the service's parameters, shape (seeds, rows)."""
    return np.array([RandomCutForest(1, seed=seed).learn_score(series.values).score for seed in range(seeds)])


@dataclass(frozen=True)
class Fidelity:
    """How one series' scores compare. MAE is the mean absolute error over the rows after the learning phase.

    Attributes:
        name: the series.
        rows: how many rows are compared.
        service_seed: MAE of the service against one seed of ours, mean over the seeds.
        seed_seed: MAE of one seed of ours against another, mean over all pairs.
        ratio: service_seed / seed_seed: 1 where the service looks like another seed of ours.
        widest_seed: the same ratio for the one of our own seeds that is least like the others: how far chance goes.
        service_mean: MAE of the service against the mean of all seeds but one, mean over which one is left out.
        seed_mean: MAE of the seed left out against the same mean.
        spearman: rank correlation of the service's scores with the mean of our seeds.
        bias: the service's mean score less ours.
        z: that bias in standard deviations of the mean score over our seeds.
    """

    name: str
    rows: int
    service_seed: float
    seed_seed: float
    ratio: float
    widest_seed: float
    service_mean: float
    seed_mean: float
    spearman: float
    bias: float
    z: float


def compare(series: Series, seeds: int) -> Fidelity:
    own = own_scores(series, seeds)
    known = ~np.isnan(series.service)
    known[:LEARNING] = False
    own, service = own[:, known], series.service[known]
    service_seed = float(np.abs(own - service).mean())
    pairs = np.abs(own[:, None] - own[None]).mean(axis=2)
    seed_seed = float(pairs.sum() / (seeds * (seeds - 1)))
    others = (own.sum(axis=0) - own) / (seeds - 1)
    spread = float(own.mean(axis=1).std(ddof=1)) * np.sqrt(1 + 1 / seeds)
    bias = float(service.mean() - own.mean())
    return Fidelity(
        name=series.name,
        rows=int(known.sum()),
        service_seed=service_seed,
        seed_seed=seed_seed,
        ratio=ratio_of(service_seed, seed_seed),
        widest_seed=ratio_of(float(pairs.sum(axis=1).max()) / (seeds - 1), seed_seed),
        service_mean=float(np.abs(service - others).mean()),
        seed_mean=float(np.abs(own - others).mean()),
        spearman=spearman(service, own.mean(axis=0)),
        bias=bias,
        z=bias / spread if spread > 1e-12 else 0.0,
    )


def ratio_of(service: float, own: float) -> float:
    """Where our seeds all agree to the bit, the service must agree as well."""
    if own > 1e-12:
        return service / own
    return 1.0 if service < 1e-9 else float("inf")


def spearman(a: Values, b: Values) -> float:
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def ranks(values: Values) -> Values:
    """Ranks, equal values sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse], np.float64)
