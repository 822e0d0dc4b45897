"""How right the incidents are, on generated clickstreams that nothing was tuned on.

    .venv/bin/python bench/judgement.py [--json] [--streams 20] [--first-seed 9000] [--days 9] [--gate]

Each seed is another clickstream: volume (2 to 2,000 clicks a minute), rhythm, drift, burstiness (variance over mean 1
to 5), stalls, dips, crawlers and faults. The first part has system and program faults; what counts is every fault of at
least nine minutes that costs at least twelve expected clicks or users. Then stalls by themselves (variance over mean
3), floods and missing pages, and sites with a count alone. `--gate` judges five shorter streams and exits with 1 where
a bar is missed. Tuning used seeds below 4000.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cutwatch.clickstream.generator import generate_days, plan
from cutwatch.clickstream.labels import as_labels
from cutwatch.clickstream.rows import Rows, count_rows
from cutwatch.clickstream.scenario import FaultKind, Scenario
from cutwatch.clickstream.scoring import score_records
from cutwatch.clickstream.variety import varied
from cutwatch.detection.evaluation import Evaluation, FaultResult, evaluate
from cutwatch.detection.history import backtest
from cutwatch.detection.settings import DetectionSettings

Item = TypeVar("Item")
LEADS = {
    "system": ("CLICKS", "LOW"),
    "program": ("RESIDUALS", "HIGH"),
    "flood": ("CLICKS", "HIGH"),
    "page": ("URLS", "LOW"),
}
COST = 12.0
BUSY = 30.0  # clicks a minute from which on delay is held against its bar
BARS = {"missed": 0, "false_per_day": 0.05, "false_first_day": 0.5, "median_delay_minutes": 1.5, "wrong_lead": 0}
STALLS_BAR = 0.3


@dataclass(frozen=True)
class Stream:
    """One judged clickstream."""

    scenario: Scenario
    evaluation: Evaluation
    knowable: tuple[FaultResult, ...]


@dataclass(frozen=True)
class Summary:
    """What several streams came to, held against the bars."""

    streams: int
    knowable: int
    found: int
    missed: list[str]
    right_lead: int
    median_delay_minutes: float | None
    false_first_day: float
    false_per_day: float
    false_incidents: list[str]


def judge_stream(scenario: Scenario, *, alone: bool = False) -> Stream:
    """Generate a stream, score it, judge it, and hold the incidents against its labels."""
    planned = plan(scenario)
    rows = count_rows(generate_days(planned))
    if alone:
        rows = Rows(rows.times_ms, rows.window_seconds, ("CLICKS",), rows.column("CLICKS")[:, None])
    incidents = backtest(DetectionSettings(), score_records(rows)).incidents
    result = evaluate(incidents, as_labels(planned.faults), start=scenario.start, end=scenario.end)
    pairs = zip(planned.faults, result.faults, strict=True)
    knowable = tuple(told for fault, told in pairs if planned.cost(fault) >= COST)
    return Stream(scenario, result, knowable)


def summarise(streams: Sequence[Stream]) -> Summary:
    """Put the streams' results together."""
    known = [(stream, fault) for stream in streams for fault in stream.knowable]
    found = [(stream, fault) for stream, fault in known if fault.found]
    delays = [
        fault.delay_minutes
        for stream, fault in found
        if stream.scenario.clicks_per_minute >= BUSY and fault.delay_minutes is not None
    ]
    right = sum((fault.leading_column, fault.direction) == LEADS[fault.kind or ""] for _, fault in found)
    later = [len(stream.evaluation.false_incidents) - stream.evaluation.false_first_day for stream in streams]
    return Summary(
        streams=len(streams),
        knowable=len(known),
        found=len(found),
        missed=[_named(stream, fault) for stream, fault in known if not fault.found],
        right_lead=right,
        median_delay_minutes=median(delays) if delays else None,
        false_first_day=fmean(stream.evaluation.false_first_day for stream in streams),
        false_per_day=sum(later) / sum(stream.scenario.days - 1 for stream in streams),
        false_incidents=[_named(stream, one) for stream in streams for one in stream.evaluation.false_incidents],
    )


def stall_scenarios(first_seed: int, days: int) -> list[Scenario]:
    """Streams at variance over mean 3 with stalls of one or two minutes."""
    cases = [(volume, stalls) for volume in (20.0, 60.0, 200.0, 800.0) for stalls in (3.0, 8.0)]
    return [
        Scenario(
            seed=first_seed + number,
            days=days,
            clicks_per_minute=volume,
            burstiness=3.0,
            stalls_per_day=stalls,
            faults_per_day=1.0,
        )
        for number, (volume, stalls) in enumerate(cases)
    ]


def broken_bars(summary: Summary) -> list[str]:
    """The bars that a summary misses, in words."""
    seen = {
        "missed": len(summary.missed),
        "false_per_day": summary.false_per_day,
        "false_first_day": summary.false_first_day,
        "median_delay_minutes": summary.median_delay_minutes or 0.0,
        "wrong_lead": summary.found - summary.right_lead,
    }
    return [f"{name} is {seen[name]:.3g}; at most {bar:g}" for name, bar in BARS.items() if seen[name] > bar]


def run_all(streams: int, first_seed: int, days: int) -> dict[str, object]:
    """Everything the bench measures."""
    seeds = range(first_seed, first_seed + streams)
    main = summarise([judge_stream(varied(seed, days=days)) for seed in _shown("faults", seeds)])
    stalls = summarise([judge_stream(one) for one in _shown("stalls", stall_scenarios(first_seed + 100, days))])
    other: tuple[FaultKind, ...] = ("flood", "page")
    others = [judge_stream(varied(seed, days=days, kinds=other)) for seed in _shown("floods, pages", _few(seeds))]
    pair: tuple[FaultKind, ...] = ("system", "flood")
    alone = [
        judge_stream(varied(seed, days=days, kinds=pair), alone=True) for seed in _shown("counts alone", _few(seeds))
    ]
    return {
        "faults": {**asdict(main), "broken_bars": broken_bars(main)},
        "stalls": {**asdict(stalls), "bar": STALLS_BAR},
        "floods_and_pages": asdict(summarise(others)),
        "counts_alone": asdict(summarise(alone)),
    }


def gate(days: int = 4) -> tuple[Summary, list[str]]:
    """Five streams that every change must get right: quiet, usual, bursty with stalls, busy and very busy.

    Their seeds are fixed; they are a net for mistakes, not a measurement.
    """
    five = [
        Scenario(seed=5001, days=days, clicks_per_minute=4.0, faults_per_day=1.0, night_share=0.5),
        Scenario(seed=5002, days=days, clicks_per_minute=20.0, crawlers_per_day=2.0, weekend_share=0.5),
        Scenario(
            seed=5003,
            days=days,
            clicks_per_minute=60.0,
            burstiness=3.0,
            stalls_per_day=3.0,
            dips_per_day=1.0,
            leak=0.05,
        ),
        Scenario(
            seed=5004,
            days=days,
            clicks_per_minute=300.0,
            visitors="pool",
            drift_per_day=0.05,
            burst_minutes=3.0,
            burstiness=2.0,
        ),
        Scenario(
            seed=5005,
            days=days,
            clicks_per_minute=2000.0,
            step_share=0.4,
            fault_kinds=("program", "system", "flood", "page"),
        ),
    ]
    summary = summarise([judge_stream(scenario) for scenario in five])
    return summary, broken_bars(summary)


def _few(seeds: range) -> range:
    return seeds[: max(1, len(seeds) // 3)]


def _named(stream: Stream, fault: FaultResult) -> str:
    minutes = (fault.end - fault.start).total_seconds() / 60
    about = f"{stream.scenario.clicks_per_minute:.0f} clicks a minute"
    return f"seed {stream.scenario.seed} ({about}): {fault.kind} {fault.start:%Y-%m-%d %H:%M}, {minutes:.0f} min"


def _shown(name: str, items: Iterable[Item]) -> Iterable[Item]:
    for number, item in enumerate(items, start=1):
        sys.stderr.write(f"{name}: {number}\r")
        sys.stderr.flush()
        yield item


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one object")
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=9000)
    parser.add_argument("--days", type=int, default=9)
    parser.add_argument("--gate", action="store_true", help="judge the five streams of the gate alone")
    args = parser.parse_args()
    started = time.perf_counter()
    if args.gate:
        summary, broken = gate()
        result: dict[str, object] = {"gate": {**asdict(summary), "broken_bars": broken}}
    else:
        broken = []
        result = run_all(args.streams, args.first_seed, args.days)
    result["seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(result) if args.json else json.dumps(result, indent=2))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
