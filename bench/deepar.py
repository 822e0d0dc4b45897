"""SageMaker's two algorithms in the local cloud: training times, latencies, and how often DeepAR's band holds.

    .venv/bin/python bench/deepar.py [--json] [--streams 5] [--seed 1] [--varied]

Each stream is nine days of generated clicks, ten minutes a window, with labelled faults. Both algorithms learn the
first eight days with the article's settings, the faults left out; then the ninth is scored and forecast in one go from
what came before it. Of its normal windows 98 % should lie in DeepAR's band from 1 % to 99 %. A stream takes about a
quarter of a minute.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from numpy.typing import NDArray

from bench.sagemaker_region import Floats, Region, Served
from cutwatch.clickstream.generator import generate_days, plan
from cutwatch.clickstream.rows import Rows, count_rows
from cutwatch.clickstream.scenario import Fault, sample
from cutwatch.clickstream.variety import varied
from cutwatch.localcloud import LocalCloud

WINDOW_SECONDS = 600
DAY = 144
FEATURES = ("USERS", "CLICKS", "RESIDUALS")
ARTICLE_THRESHOLD = 2.6
REQUESTS = 50

RCF_SETTINGS = {"feature_dim": "3", "num_samples_per_tree": "512", "num_trees": "100"}
RCF_CHANNEL = {"content_type": "text/csv;label_size=0", "distribution": "ShardedByS3Key"}
DEEPAR_SETTINGS = {
    "time_freq": "10min",
    "context_length": "144",
    "prediction_length": "144",
    "num_layers": "1",
    "epochs": "400",
    "early_stopping_patience": "40",
    "mini_batch_size": "32",
    "learning_rate": "5E-4",
    "likelihood": "negative-binomial",
}


@dataclass(frozen=True)
class FaultSeen:
    """One fault of the ninth day.

    Attributes:
        kind: of the fault.
        windows: that it touches.
        outside_band: how many of them DeepAR's band does not hold.
        highest_rcf_score: of them; above the article's threshold it counts as found.
    """

    kind: str
    windows: int
    outside_band: int
    highest_rcf_score: float


@dataclass(frozen=True)
class StreamResult:
    """What one stream gave.

    Attributes:
        coverage: share of the ninth day's normal windows in DeepAR's band.
        normal_windows: how many those are.
        width: of the band, relative to the median forecast.
        quantile_loss: of .1, .5 and .9, weighted: as in the paper.
        rcf_three_sigma: mean plus three standard deviations of the training rows' RCF scores.
    """

    seed: int
    clicks_per_window: float
    deepar_training_seconds: float
    deepar_serving_seconds: float
    rcf_training_seconds: float
    rcf_serving_seconds: float
    coverage: float
    normal_windows: int
    width: float
    quantile_loss: float
    rcf_three_sigma: float
    faults: tuple[FaultSeen, ...]


@dataclass(frozen=True)
class Latencies:
    """Milliseconds of a request, by the client's clock."""

    deepar_median: float
    deepar_slowest: float
    rcf_one_row_median: float
    rcf_day_median: float


def touched(rows: Rows, fault: Fault) -> NDArray[np.bool_]:
    """The windows that a fault touches, shape (n,)."""
    start, end = (moment.timestamp() * 1000 for moment in (fault.start, fault.end))
    touching: NDArray[np.bool_] = (rows.times_ms + WINDOW_SECONDS * 1000 > start) & (rows.times_ms < end)
    return touching


def run_stream(region: Region, seed: int, *, is_varied: bool) -> tuple[StreamResult, Latencies]:
    """Train, serve and judge on one stream."""
    planned = plan(varied(seed) if is_varied else sample(seed))
    rows = count_rows(generate_days(planned), window_seconds=WINDOW_SECONDS)
    bad = np.any([touched(rows, fault) for fault in planned.faults], axis=0)
    past, last = slice(0, len(rows) - DAY), slice(len(rows) - DAY, len(rows))
    features = np.stack([rows.column(name) for name in FEATURES], axis=1)
    clicks, start = rows.column("CLICKS"), f"{rows.time(0):%Y-%m-%d %H:%M:%S}"
    target = [None if out else float(count) for count, out in zip(clicks[past], bad[past], strict=True)]

    usual = features[past][~bad[past]]
    table = "".join(",".join(f"{value:g}" for value in row) + "\n" for row in usual)
    rcf = region.serve(f"rcf-{seed}", "randomcutforest", table, "rows.csv", RCF_CHANNEL, RCF_SETTINGS)
    series = json.dumps({"start": start, "target": target}) + "\n"
    deepar = region.serve(f"deepar-{seed}", "forecasting-deepar", series, "series.json", {}, DEEPAR_SETTINGS)

    band = region.forecast(deepar, start, target)
    inside = (clicks[last] >= band["0.01"]) & (clicks[last] <= band["0.99"])
    scores, learnt = region.score(rcf, features[last]), region.score(rcf, usual)
    normal = ~bad[last]
    faults = [fault for fault in planned.faults if touched(rows, fault)[last].any()]
    result = StreamResult(
        seed=seed,
        clicks_per_window=float(clicks.mean()),
        deepar_training_seconds=deepar.training_seconds,
        deepar_serving_seconds=deepar.serving_seconds,
        rcf_training_seconds=rcf.training_seconds,
        rcf_serving_seconds=rcf.serving_seconds,
        coverage=float(inside[normal].mean()),
        normal_windows=int(normal.sum()),
        width=float((band["0.99"] - band["0.01"]).mean() / band["0.5"].mean()),
        quantile_loss=quantile_loss(clicks[last][normal], {name: band[name][normal] for name in ("0.1", "0.5", "0.9")}),
        rcf_three_sigma=float(learnt.mean() + 3 * learnt.std()),
        faults=tuple(seen(fault, touched(rows, fault)[last], inside, scores) for fault in faults),
    )
    latencies = measure(region, deepar, rcf, start, target, features[last])
    region.end(rcf)
    region.end(deepar)
    return result, latencies


def seen(fault: Fault, windows: NDArray[np.bool_], inside: NDArray[np.bool_], scores: Floats) -> FaultSeen:
    return FaultSeen(fault.kind, int(windows.sum()), int((~inside[windows]).sum()), float(scores[windows].max()))


def quantile_loss(truth: Floats, band: dict[str, Floats]) -> float:
    losses = []
    for name, forecast in band.items():
        level, over = float(name), forecast - truth
        losses.append(2 * np.where(over > 0, (1 - level) * over, -level * over).sum() / np.abs(truth).sum())
    return float(np.mean(losses))


def measure(
    region: Region, deepar: Served, rcf: Served, start: str, target: list[float | None], day: Floats
) -> Latencies:
    def timed(ask: Callable[[], object]) -> list[float]:
        times = []
        for _ in range(REQUESTS):
            began = time.perf_counter()
            ask()
            times.append(1000 * (time.perf_counter() - began))
        return times

    forecasts = timed(lambda: region.forecast(deepar, start, target))
    return Latencies(
        deepar_median=statistics.median(forecasts),
        deepar_slowest=max(forecasts),
        rcf_one_row_median=statistics.median(timed(lambda: region.score(rcf, day[:1]))),
        rcf_day_median=statistics.median(timed(lambda: region.score(rcf, day))),
    )


def summarise(results: list[StreamResult], latencies: list[Latencies]) -> dict[str, object]:
    windows = sum(result.normal_windows for result in results)
    return {
        "streams": len(results),
        "coverage": sum(result.coverage * result.normal_windows for result in results) / windows,
        "normal_windows": windows,
        "width": statistics.mean(result.width for result in results),
        "quantile_loss": statistics.mean(result.quantile_loss for result in results),
        "first_training_seconds": results[0].deepar_training_seconds,
        "training_seconds": statistics.median(result.deepar_training_seconds for result in results),
        "serving_seconds": statistics.median(result.deepar_serving_seconds for result in results),
        "rcf_training_seconds": statistics.median(result.rcf_training_seconds for result in results),
        "rcf_serving_seconds": statistics.median(result.rcf_serving_seconds for result in results),
        "latency_ms": {
            name: statistics.median(getattr(one, name) for one in latencies) for name in Latencies.__annotations__
        },
        "by_stream": [asdict(result) for result in results],
    }


def show(summary: dict[str, object], results: list[StreamResult]) -> None:
    print("seed  clicks  train s  serve s  cover  width  loss    RCF 3 sigma  faults: outside band, highest RCF score")
    for one in results:
        faults = "; ".join(
            f"{fault.kind} {fault.outside_band}/{fault.windows}, {fault.highest_rcf_score:.2f}" for fault in one.faults
        )
        print(
            f"{one.seed:4d} {one.clicks_per_window:7.0f} {one.deepar_training_seconds:8.1f} "
            f"{one.deepar_serving_seconds:8.1f} {one.coverage:6.3f} {one.width:6.2f} {one.quantile_loss:6.3f} "
            f"{one.rcf_three_sigma:12.2f}  {faults}"
        )
    print(f"in the band from 1 % to 99 %: {summary['coverage']:.3f} of {summary['normal_windows']} normal windows")
    print(f"the article's RCF threshold is {ARTICLE_THRESHOLD}; requests, ms: {summary['latency_ms']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--streams", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1, help="of the first stream")
    parser.add_argument("--varied", action="store_true", help="streams of all sorts instead of the demo's sample")
    args = parser.parse_args()
    results, latencies = [], []
    with LocalCloud() as cloud:
        region = Region(cloud)
        for seed in range(args.seed, args.seed + args.streams):
            result, latency = run_stream(region, seed, is_varied=args.varied)
            results.append(result)
            latencies.append(latency)
            print(f"stream {seed}: in the band {result.coverage:.3f}", file=sys.stderr)
    summary = summarise(results, latencies)
    if args.json:
        print(json.dumps(summary))
    else:
        show(summary, results)


if __name__ == "__main__":
    main()
