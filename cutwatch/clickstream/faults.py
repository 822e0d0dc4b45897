"""Where the labelled faults lie."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from cutwatch.clickstream.scenario import Fault, FaultKind, Scenario

SHORTEST_MINUTES, LONGEST_MINUTES = 9, 74
UNDISTURBED = timedelta(hours=12)  # at the beginning, so that there is something to learn from
APART = timedelta(hours=2)  # so that each fault is a matter of its own
TRIES = 1000


def plan_faults(scenario: Scenario, rng: np.random.Generator) -> tuple[Fault, ...]:
    """The scenario's fixed faults and its random ones, in order of time, at least two hours apart."""
    faults = list(scenario.fixed_faults)
    first = min(UNDISTURBED, timedelta(days=scenario.days) / 2)
    wanted = round(scenario.faults_per_day * scenario.days)
    for number in range(wanted):
        kind = scenario.fault_kinds[number % len(scenario.fault_kinds)]
        for _ in range(TRIES):
            fault = _fault(scenario, kind, first, rng)
            if fault.end <= scenario.end and all(_are_apart(fault, other) for other in faults):
                faults.append(fault)
                break
    return tuple(sorted(faults, key=lambda fault: fault.start))


def _fault(scenario: Scenario, kind: FaultKind, first: timedelta, rng: np.random.Generator) -> Fault:
    earliest = int(first.total_seconds() // 60)
    start = scenario.start + timedelta(minutes=int(rng.integers(earliest, scenario.minutes)))
    length = timedelta(minutes=int(rng.integers(SHORTEST_MINUTES, LONGEST_MINUTES + 1)))
    share = {
        "system": rng.uniform(0, scenario.leak),
        "program": rng.uniform(0.05, 0.3),
        "flood": rng.uniform(3, 8),
        "page": 0.0,
    }[kind]
    return Fault(start, start + length, kind, float(share), int(rng.integers(0, min(5, scenario.pages))))


def _are_apart(one: Fault, other: Fault) -> bool:
    return one.start >= other.end + APART or other.start >= one.end + APART
