"""Clickstreams of all sorts, one a seed: for judging the judgement on what it was not tuned on."""

from __future__ import annotations

import numpy as np

from cutwatch.clickstream.scenario import FaultKind, Scenario

QUIETEST, BUSIEST = 2.0, 2000.0
BURSTIEST = 5.0


def varied(seed: int, *, days: int = 9, kinds: tuple[FaultKind, ...] = ("program", "system")) -> Scenario:
    """Draw a scenario: volume, rhythm, drift, burstiness, innocent trouble and faults.

    Volumes lie evenly on a logarithmic scale between 2 and 2,000 clicks a minute. Sparse streams are nearly Poisson,
    because their users come one by one: variance over mean is at most 1 + a tenth of the volume, and at most 5.

    Args:
        seed: of the scenario and of its clicks.
        days: how long it lasts.
        kinds: of faults, taken in turn.
    """
    rng = np.random.default_rng([seed, 77])
    volume = float(np.exp(rng.uniform(np.log(QUIETEST), np.log(BUSIEST))))
    burstiest = min(BURSTIEST, 1 + volume / 10)
    is_bursty, has_steps, has_trouble, has_crawlers = (rng.random() < chance for chance in (0.5, 0.2, 0.4, 0.4))
    return Scenario(
        seed=seed,
        days=days,
        clicks_per_minute=volume,
        pages=int(rng.integers(5, 60)),
        clicks_per_user=float(rng.uniform(1.2, 3.5)),
        visitors="pool" if rng.random() < 0.3 and volume >= 20 else "met",
        night_share=float(rng.uniform(0.05, 0.5)),
        peak_hour=float(rng.uniform(10, 21)),
        weekend_share=float(rng.uniform(0.4, 1.2)),
        step_share=float(rng.uniform(0.2, 0.5)) if has_steps else 1.0,
        step_hours=(float(rng.integers(6, 11)), float(rng.integers(16, 21))),
        drift_per_day=float(rng.uniform(-0.04, 0.06)),
        wander=float(rng.uniform(0.02, 0.08)),
        burstiness=float(rng.uniform(1, burstiest)) if is_bursty else 1.0,
        burst_minutes=float(rng.choice([0.0, 0.0, 2.0, 5.0])),
        stalls_per_day=float(rng.uniform(1, 6)) if has_trouble else 0.0,
        dips_per_day=float(rng.uniform(0, 4)) if has_trouble else 0.0,
        crawlers_per_day=float(rng.uniform(0.3, 2)) if has_crawlers else 0.0,
        faults_per_day=float(rng.uniform(0.6, 1.6)),
        fault_kinds=kinds,
        leak=float(rng.choice([0.0, 0.05])),
    )
