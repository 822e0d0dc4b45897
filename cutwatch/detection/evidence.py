"""Evidence gathered from the rows: named faults, each a sequential test against the expectation.

    gone     the count fell to a tenth or less             -> system,  count LOW
    merged   too few distinct for the counts there are     -> program, counts without anyone new HIGH
             (and the distinct do not contradict it: a crawler adds counts and leaves them alone)
    flood    the count rose to four times or more          -> flood,   count HIGH
    page     a kind is missing for the counts there are    -> page,    kinds LOW

While evidence is up, learning slows and stops. An open incident freezes what is expected, but a shadow goes on
learning, and takes its place when the incident has lasted so long that it must be the new normal; silence never is.

Does badly: below about ten counts a window `merged` takes many windows or stays unseen; on the first day, a step down
to less than a quarter that is part of the rhythm opens an incident, and so does a step up to more than six times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import sqrt

from cutwatch.detection.curves import Curve
from cutwatch.detection.dispersion import Scatter, forget_held, learn_scatter
from cutwatch.detection.excursions import Evidence, add, age, remember
from cutwatch.detection.expectation import Expectation, expect
from cutwatch.detection.finding import Finding
from cutwatch.detection.incidents import Direction, IncidentKind
from cutwatch.detection.levels import Levels, Row, half_life, learn_levels, toward
from cutwatch.detection.likelihood import mean_shift, rate_change, share_change
from cutwatch.detection.profile import Profile, add_row, bin_count, bin_seconds, move_on
from cutwatch.detection.records import ExpectedRange, ScoreRecord
from cutwatch.detection.settings import DetectionSettings, FaultName

GONE, GONE_UNKNOWN = 0.1, 0.01  # of the counts; break-even at 39 % and 21 % of the expectation
MERGED, MERGED_UNKNOWN = 0.4, 0.3  # of those who are new
FLOOD, FLOOD_UNKNOWN = 4.0, 12.0  # break-even at 2.2 and 4.4 times the expectation
PAGE = 0.7  # kinds
PAGE_VARIANCE = 0.15  # at least
LEAST_SUPPORT = -5.0  # nats: what the distinct say against `merged` is soon forgotten when they fall
SUPPORT_VARIATION = 0.05  # least relative noise of their rate
UNSUPPORTED = 0.2  # most share of the opening level that `merged` has without the distinct being low
TAKE_BACK = 0.34  # most that a window takes away, as a share of the opening level
WARY = 0.34  # share of the opening level at which learning has stopped
HOLDS = 0.2  # share of the opening level that keeps an incident open
VARIATION, VARIATION_UNKNOWN = 0.15, 0.25  # least relative noise of a rate
NOISE_MINUTES = 720.0
CURVE_MINUTES = 1440.0
DRIFT_MINUTES = 45.0  # half-life of the expectation in an incident at an unknown time of day
SILENCE = 0.02  # share of the expectation below which nothing is learnt
NEW_NORMAL_MINUTES = 1440.0
NEAR_SILENCE, NEAR_SILENCE_MINUTES = 0.12, 7 * 1440.0
SHORT_INCIDENT = 4  # bad windows: what is over so soon was a stall
KINDS: dict[FaultName, IncidentKind] = {"gone": "system", "merged": "program", "flood": "flood", "page": "page"}
NORMAL_99 = 2.326


@dataclass(frozen=True)
class EvidenceState:
    """What the evidence remembers of a series."""

    seen: int = 0
    levels: Levels = field(default_factory=Levels)
    shadow: Levels = field(default_factory=Levels)
    profile: Profile = field(default_factory=Profile)
    pages: Curve = field(default_factory=Curve)
    page_variance: Curve = field(default_factory=Curve)
    users: Curve = field(default_factory=Curve)
    low: Scatter = field(default_factory=Scatter)
    low_relative: Scatter = field(default_factory=Scatter)
    high: Scatter = field(default_factory=Scatter)
    high_relative: Scatter = field(default_factory=Scatter)
    shares: Scatter = field(default_factory=Scatter)
    faults: Mapping[FaultName, Evidence] = field(default_factory=dict)
    support: float = 0.0
    open_fault: FaultName | None = None
    open_windows: int = 0


@dataclass(frozen=True)
class Weighed:
    """A window between weighing and learning."""

    row: Row
    expected: Expectation
    finding: Finding
    at: int
    is_known_bad: bool
    dispersion: tuple[float, float]


def weigh(
    settings: DetectionSettings, state: EvidenceState, record: ScoreRecord, *, agrees: bool
) -> tuple[EvidenceState, Weighed]:
    """Add a window's evidence; nothing is learnt from it yet."""
    row = _row(settings, record)
    at = int(record.window_start.timestamp()) // bin_seconds(record.window_seconds) % bin_count(record.window_seconds)
    profile = move_on(state.profile, at, window_seconds=record.window_seconds)
    is_open = state.open_fault is not None
    e = expect(state.levels, profile, at, row, state.users, state.pages, frozen=is_open)
    floor = VARIATION if e.known else VARIATION_UNKNOWN
    low = _dispersion(state.low, state.low_relative, e.least, floor)
    high = _dispersion(state.high, state.high_relative, e.most, floor)
    said = _said(settings, state, row, e, low, high) if state.seen >= settings.warm_up_windows else {}
    windows_per_day = 86_400 / record.window_seconds
    target = settings.false_incidents_per_day / max(len(settings.faults), 1)
    days = 1 / windows_per_day
    faults: dict[FaultName, Evidence] = {}
    best: tuple[float, FaultName] = (0.0, settings.faults[0] if settings.faults else "gone")
    support, rose = state.support, False
    for name in settings.faults:
        before = state.faults.get(name, Evidence())
        before = replace(before, history=age(before.history, days)) if said else before
        level = before.history.level(target, windows_per_day)
        evidence = add(before, said.get(name, 0.0), level=level, take_back=TAKE_BACK, agrees=agrees)
        share = evidence.nats / level
        if name == "merged":
            support = _support(state, row, e, evidence)
            if support <= 0 and state.open_fault != "merged":
                share = min(share, UNSUPPORTED)
        if share >= 1 - 1e-9 and state.open_fault is None:
            needed = before.history.windows(settings.false_incidents_per_day, agrees=evidence.agreed)
            share = 1.0 if evidence.bad >= needed else 0.99
        faults[name] = evidence
        if share > best[0]:
            best, rose = (share, name), said.get(name, 0.0) > 0
    expected, deviations = _ranges(settings, state, row, e, low, high)
    share, name = best
    finding = Finding(
        share=share,
        rose=rose,
        holds=share > HOLDS,
        kind=KINDS[name],
        lead=_lead(settings, name) if share > 0 else None,
        expected=expected,
        deviations=deviations,
        volume=e.usual,
    )
    state = replace(state, profile=profile, faults=faults, support=support)
    return state, Weighed(row, e, finding, at, share > 0, (low, high))


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
        rate = half_life(DRIFT_MINUTES / minutes)
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


def _said(
    settings: DetectionSettings, state: EvidenceState, row: Row, e: Expectation, low: float, high: float
) -> dict[FaultName, float]:
    """What a window says for each fault, in nats."""
    said: dict[FaultName, float] = {
        "gone": rate_change(row.count, e.least, GONE if e.known else GONE_UNKNOWN, low),
        "flood": rate_change(row.count, e.most, FLOOD if e.known else FLOOD_UNKNOWN, high),
    }
    if row.distinct is not None and row.count >= 2:  # the first count always brings somebody and tells nothing
        factor = MERGED if e.known else MERGED_UNKNOWN
        dispersion = max(1.0, state.shares.mean(1.0, 60))
        said["merged"] = share_change(row.distinct - 1, row.count - 1, 1 - e.repeat, factor, dispersion)
    if row.kinds is not None and (variance := state.page_variance.at(row.count)) is not None:
        said["page"] = mean_shift(e.kinds - row.kinds, PAGE, max(PAGE_VARIANCE, variance))
    return {name: nats for name, nats in said.items() if name in settings.faults}


def _support(state: EvidenceState, row: Row, e: Expectation, merged: Evidence) -> float:
    """What the distinct by themselves say for `merged` in this excursion, in nats."""
    if row.distinct is None or merged.nats <= 0:
        return 0.0
    dispersion = max(state.low.mean(1.0, 60), 1 + e.usual_distinct * SUPPORT_VARIATION**2)
    said = rate_change(row.distinct, e.usual_distinct, MERGED, dispersion)
    return max(state.support + said, LEAST_SUPPORT)


def _settle(
    settings: DetectionSettings, state: EvidenceState, record: ScoreRecord, finding: Finding, *, is_open: bool
) -> EvidenceState:
    """Note which excursions ended, and whether an incident opened or ended with this window."""
    windows_per_day = 86_400 / record.window_seconds
    target = settings.false_incidents_per_day / max(len(settings.faults), 1)
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
            low=forget_held(state.low),
            low_relative=forget_held(state.low_relative),
            high=forget_held(state.high),
            high_relative=forget_held(state.high_relative),
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
    row, e, (low, high) = weighed.row, weighed.expected, weighed.dispersion
    suspicious = weighed.is_known_bad
    rate = half_life(NOISE_MINUTES / minutes)
    below = min(2 * min(0.0, row.count - e.least) ** 2, 9 * e.least * low)
    above = min(2 * max(0.0, row.count - e.most) ** 2, 9 * e.most * high)
    state = replace(
        state,
        low=learn_scatter(state.low, below / max(e.least, 0.5), 1.0, rate, suspicious=suspicious),
        low_relative=learn_scatter(state.low_relative, below - e.least, e.least**2, rate, suspicious=suspicious),
        high=learn_scatter(state.high, above / max(e.most, 0.5), 1.0, rate, suspicious=suspicious),
        high_relative=learn_scatter(state.high_relative, above - e.most, e.most**2, rate, suspicious=suspicious),
    )
    if row.distinct is not None and row.count >= 3:
        trials = row.count - 1
        variance = trials * e.repeat * (1 - e.repeat)
        square = 2 * max(0.0, row.count - row.distinct - trials * e.repeat) ** 2 / variance
        square = min(square, 9 * state.shares.mean(1.0, 60))
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


def _dispersion(scatter: Scatter, relative: Scatter, mean: float, floor: float) -> float:
    return max(scatter.mean(1.0, 60), 1 + mean * max(floor**2, relative.mean(0.0, 1.0)))


def _row(settings: DetectionSettings, record: ScoreRecord) -> Row:
    values = record.values
    return Row(
        count=values.get(settings.count_column, 0.0),
        distinct=values.get(settings.distinct_column) if settings.distinct_column else None,
        kinds=values.get(settings.kinds_column) if settings.kinds_column else None,
    )


def _lead(settings: DetectionSettings, name: FaultName) -> tuple[str, Direction]:
    leads: dict[FaultName, tuple[str, Direction]] = {
        "gone": (settings.count_column, "LOW"),
        "flood": (settings.count_column, "HIGH"),
        "merged": (settings.repeats_column, "HIGH"),
        "page": (settings.kinds_column or settings.count_column, "LOW"),
    }
    return leads[name]


def _ranges(
    settings: DetectionSettings, state: EvidenceState, row: Row, e: Expectation, low: float, high: float
) -> tuple[dict[str, ExpectedRange], dict[str, float]]:
    """By column, the range in which 98 of 100 normal windows lie, and how far this one is off."""
    mean = e.usual
    spread = sqrt(max(mean, 0.25) * max(low, high))
    ranges = {settings.count_column: (row.count, mean, spread)}
    new = 1 - min(e.repeat, 0.98)
    if row.distinct is not None and settings.distinct_column:
        usual = min(mean, 1 + (mean - 1) * new) if mean > 1 else mean
        ranges[settings.distinct_column] = (row.distinct, usual, sqrt(max(usual, 0.25) * low))
        further = max(row.count - 1, 0.0)
        ranges[settings.repeats_column] = (
            row.count - row.distinct,
            further * e.repeat,
            sqrt(max(further * e.repeat * new, 0.25) * max(1.0, state.shares.mean(1.0, 60))),
        )
    if row.kinds is not None and settings.kinds_column:
        ranges[settings.kinds_column] = (row.kinds, e.usual_kinds, sqrt(max(0.25, state.page_variance.at(mean) or 1.0)))
    expected = {
        name: ExpectedRange(max(0.0, middle - NORMAL_99 * sd), middle, middle + NORMAL_99 * sd)
        for name, (_, middle, sd) in ranges.items()
    }
    return expected, {name: (value - middle) / sd for name, (value, middle, sd) in ranges.items()}
