"""What is learnt from a window, once it is weighed and the incident has moved.

While evidence is up, learning slows and stops. An open incident freezes what is expected, but a shadow goes on
learning, and takes its place when the incident has lasted so long that it must be the new normal; silence never is.
"""

from __future__ import annotations

from dataclasses import replace

from cutwatch.detection.dispersion import (
    PRIOR_WINDOWS,
    WINSOR,
    forget_held,
    forget_held_counts,
    learn_counts,
    learn_scatter,
)
from cutwatch.detection.evidence_state import EvidenceState, Weighed
from cutwatch.detection.excursions import Evidence, remember
from cutwatch.detection.faults import KINDS
from cutwatch.detection.finding import Finding
from cutwatch.detection.levels import Row, half_life, learn_levels, toward
from cutwatch.detection.profile import add_row
from cutwatch.detection.records import ScoreRecord
from cutwatch.detection.settings import DetectionSettings

WARY = 0.34  # share of the opening level at which learning has stopped
NOISE_MINUTES = 720.0
CURVE_MINUTES = 1440.0
DRIFT_MINUTES = 45.0  # half-life of the expectation in an incident at a time of day not seen before
SLOW_DRIFT_MINUTES = 180.0  # the same where next to nothing is left
SILENCE = 0.02  # share of the expectation below which nothing is learnt
NEW_NORMAL_MINUTES = 1440.0
NEAR_SILENCE, NEAR_SILENCE_MINUTES = 0.12, 7 * 1440.0
SHORT_INCIDENT = 4  # bad windows: what is over so soon was a stall


def learn(
    settings: DetectionSettings, state: EvidenceState, record: ScoreRecord, weighed: Weighed, *, is_open: bool
) -> EvidenceState:
    """Learn from a window, the less the more evidence there is, and note how suspicions ended."""
    row, e, finding = weighed.row, weighed.expected, weighed.finding
    minutes = record.window_seconds / 60
    was_open = state.open_fault is not None
    state = _settle(settings, state, record, finding, is_open=is_open)
    weight = 0.0 if is_open else max(0.0, 1 - finding.share / WARY)
    here = state.profile.here(weighed.at)
    shadow = learn_levels(state.shadow, row, here, seen=state.seen, minutes=minutes, weight=1.0)
    levels = learn_levels(state.levels, row, here, seen=state.seen, minutes=minutes, weight=weight)
    profile = state.profile
    if is_open and not e.known and row.count > SILENCE * e.usual:
        is_near_silence = row.count < NEAR_SILENCE * e.usual
        rate = half_life((SLOW_DRIFT_MINUTES if is_near_silence else DRIFT_MINUTES) / minutes)
        levels = replace(
            levels,
            fast=toward(levels.fast, row.triple, rate),
            slow=toward(levels.slow, row.triple, rate),
        )
    if not is_open or (not e.known and row.count > 0):
        profile = add_row(profile, *row.triple)
    state = replace(state, seen=state.seen + 1, levels=levels, shadow=shadow, profile=profile)
    if is_open:
        return _accept_new_normal(state, weighed, minutes)
    if was_open or state.seen <= settings.warm_up_windows:
        return _learn_curves(state, row, minutes, weight)
    return _learn_curves(_learn_scatter(state, weighed, minutes), row, minutes, weight)


def _settle(
    settings: DetectionSettings, state: EvidenceState, record: ScoreRecord, finding: Finding, *, is_open: bool
) -> EvidenceState:
    """Note which excursions ended, and whether an incident opened or ended with this window."""
    windows_per_day = 86_400 / record.window_seconds
    target = settings.false_incidents_per_day / max(len(state.faults), 1)
    faults = dict(state.faults)
    for name, evidence in state.faults.items():
        ended = evidence.nats <= 0 and evidence.bad > 0
        if ended and (not is_open or name != state.open_fault or evidence.bad <= SHORT_INCIDENT):
            faults[name] = remember(evidence, level=evidence.history.level(target, windows_per_day))
    open_fault = state.open_fault
    if is_open and open_fault is None:
        open_fault = next(name for name, kind in KINDS.items() if kind == finding.kind)
        state = replace(
            state,
            low=forget_held_counts(state.low),
            high=forget_held_counts(state.high),
            shares=forget_held(state.shares),
        )
    if not is_open:
        return replace(state, faults=faults, open_fault=None, open_windows=0)
    return replace(state, faults=faults, open_fault=open_fault, open_windows=state.open_windows + 1)


def _accept_new_normal(state: EvidenceState, weighed: Weighed, minutes: float) -> EvidenceState:
    lasted = state.open_windows * minutes
    ratio = state.shadow.fast[0] / weighed.expected.least if weighed.expected.least > 0 else 1.0
    patience = NEAR_SILENCE_MINUTES if state.open_fault == "gone" and ratio < NEAR_SILENCE else NEW_NORMAL_MINUTES
    if lasted < patience or ratio < SILENCE:
        return state
    faults = {name: Evidence(history=evidence.history) for name, evidence in state.faults.items()}
    return replace(state, levels=state.shadow, faults=faults, open_windows=0)


def _learn_scatter(state: EvidenceState, weighed: Weighed, minutes: float) -> EvidenceState:
    row, e, suspicious = weighed.row, weighed.expected, weighed.finding.share > 0
    rate = half_life(NOISE_MINUTES / minutes)
    state = replace(
        state,
        low=learn_counts(state.low, row.count, e.usual, rate, side=-1, suspicious=suspicious),
        high=learn_counts(state.high, row.count, e.usual, rate, side=1, suspicious=suspicious),
    )
    if row.distinct is not None and row.count >= 3:
        trials = row.count - 1
        variance = trials * e.repeat * (1 - e.repeat)
        square = 2 * max(0.0, row.count - row.distinct - trials * e.repeat) ** 2 / variance
        square = min(square, WINSOR * state.shares.mean(1.0, PRIOR_WINDOWS))
        state = replace(state, shares=learn_scatter(state.shares, square, 1.0, rate, suspicious=suspicious))
    return state


def _learn_curves(state: EvidenceState, row: Row, minutes: float, weight: float) -> EvidenceState:
    if weight <= 0.5:
        return state
    rate = half_life(CURVE_MINUTES / minutes)
    if row.distinct is not None:
        state = replace(state, users=state.users.learn(row.count, row.distinct, rate))
    if row.kinds is not None:
        if (mean := state.pages.at(row.count)) is not None:
            square = (row.kinds - mean) ** 2
            state = replace(state, page_variance=state.page_variance.learn(row.count, square, rate))
        state = replace(state, pages=state.pages.learn(row.count, row.kinds, rate))
    return state
