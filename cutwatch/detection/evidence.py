"""Evidence gathered from the rows: an expectation, and named faults tested against it window by window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log, sqrt

from cutwatch.detection.finding import Finding
from cutwatch.detection.records import ExpectedRange, ScoreRecord
from cutwatch.detection.settings import DetectionSettings

BIN = 10  # minutes of a profile bin
BINS = 1440 // BIN
OPEN_AT = 9.0
SINGLE = 0.6
TAKE_BACK = 0.34
WARY = 0.34
GONE = 0.1
MERGED = 0.4
CONTRADICTION = -2.0
CV, CV_NEW = 0.15, 0.25
LEARN_CLICKS = 80
FAST_MINUTES = (3.0, 12.0)
SLOW_MINUTES = 40.0
LEVEL_MINUTES = 60.0
OPEN_MINUTES = (180.0, 45.0)
NOISE_MINUTES = 720.0
PROFILE_DAYS = 3.0
Sums = tuple[float, ...]


@dataclass(frozen=True)
class Bin:
    """One bin of the daily profile: means per window, over `days` days."""

    clicks: float = 0.0
    users: float = 0.0
    repeats: float = 0.0
    further: float = 0.0
    days: int = 0


@dataclass(frozen=True)
class EvidenceState:
    """What the evidence remembers of a series."""

    seen: int = 0
    fast: tuple[float, float] = (0.0, 0.0)
    slow: tuple[float, float] = (0.0, 0.0)
    level: Sums = (0.0, 0.0, 0.0, 0.0)
    share: Sums = (0.0, 0.0)
    noise: Sums = (0.0, 0.0)
    share_noise: float = 1.0
    gone: float = 0.0
    merged: float = 0.0
    support: float = 0.0
    profile: tuple[Bin, ...] = (Bin(),) * BINS
    filling: Bin = Bin()


@dataclass(frozen=True)
class Expectation:
    """What a window's counts are expected to be."""

    clicks: float
    users: float
    repeat: float
    known: bool
    variation: float


def weigh(
    settings: DetectionSettings, state: EvidenceState, record: ScoreRecord, *, agrees: bool, program_open: bool
) -> tuple[EvidenceState, Finding, Expectation]:
    """Add a window's evidence; nothing is learnt from it yet."""
    clicks, users = _row(settings, record)
    e = _expect(state, _minute(record))
    gone, merged, support = _sums(settings, state, clicks, users, e, agrees=agrees)
    trusted = merged if support >= CONTRADICTION or program_open else min(merged, OPEN_AT / 2)
    evidence, before = max(gone, trusted), max(state.gone, state.merged)
    rose = evidence > before or (evidence > 0 and evidence >= OPEN_AT - 1e-9)
    state = replace(state, seen=state.seen + 1, gone=gone, merged=merged, support=support)
    is_system = gone >= trusted
    lead = (settings.count_column, "LOW") if is_system else ("RESIDUALS", "HIGH")
    spread = sqrt(e.clicks * (1 + e.clicks * e.variation))
    low, high = max(0.0, e.clicks - 2.33 * spread), e.clicks + 2.33 * spread
    return (
        state,
        Finding(
            share=evidence / OPEN_AT,
            rose=rose,
            kind="system" if is_system else "program",
            lead=lead if evidence > 0 else None,  # type: ignore[arg-type]
            expected={settings.count_column: ExpectedRange(low, e.clicks, high)},
            deviations={settings.count_column: (clicks - e.clicks) / max(spread, 1.0)},
            volume=e.clicks,
        ),
        e,
    )


def learn(
    settings: DetectionSettings,
    s: EvidenceState,
    record: ScoreRecord,
    e: Expectation,
    finding: Finding,
    *,
    is_open: bool,
) -> EvidenceState:
    """Learn from a window, the less the more evidence there is."""
    x, users = _row(settings, record)
    u = x if users is None else users
    warm = s.seen > settings.warm_up_windows
    w = 1.0 if is_open or not warm else max(0.0, 1 - finding.share / WARY)
    fast = _rate(_fast_half_life(s)) * w
    if is_open:
        fast = _rate(OPEN_MINUTES[0 if e.known else 1])
    elif s.seen < 17:
        fast = max(fast, 1 / s.seen)
    slow = min(fast, max(_rate(SLOW_MINUTES) * w, fast if s.seen < 60 else 0.0))
    level = _rate(2 * OPEN_MINUTES[0] if is_open else LEVEL_MINUTES) * w
    minute = _minute(record)
    here = s.profile[minute % 1440 // BIN]
    ref = e.clicks if e.known else s.fast[0]
    out = replace(
        s,
        fast=_toward(s.fast, (x, u), fast),
        slow=_toward(s.slow, (x, u), slow),
        share=_decay(s.share, (x - u, max(0.0, x - 1)), level, w),
        level=_decay(s.level, (x, here.clicks, u, here.users), level, w) if here.days and not is_open else s.level,
    )
    if warm and not is_open and w > 0:
        k = _rate(NOISE_MINUTES) * w
        square = min(2 * min(0.0, x - ref) ** 2, 9 * ref * (1 + ref * e.variation))
        out = replace(out, noise=_decay(s.noise, (square - ref, ref * ref), k, w))
        if users is not None and x >= 3:
            r = _clip((out.share[0] + 0.5) / (out.share[1] + 10), 0.02, 0.98)
            z2 = 2 * max(0.0, x - u - (x - 1) * r) ** 2 / ((x - 1) * r * (1 - r))
            noise = max(1.0, s.share_noise + k * (min(z2, 9 * s.share_noise) - s.share_noise))
            out = replace(out, share_noise=noise)
    return _learn_profile(out, minute, x, u, is_open=is_open)


def _row(settings: DetectionSettings, record: ScoreRecord) -> tuple[float, float | None]:
    users = record.values.get(settings.distinct_column) if settings.distinct_column else None
    return record.values.get(settings.count_column, 0.0), users


def _minute(record: ScoreRecord) -> int:
    return int(record.window_start.timestamp()) // 60


def _expect(s: EvidenceState, minute: int) -> Expectation:
    b = minute % 1440 // BIN
    near = [s.profile[(b + k) % BINS] for k in (-1, 0, 1)]
    error = sqrt(0.35 / _fast_half_life(s))
    clicks, users = (x - error * sqrt(x) for x in s.fast)
    repeat = (s.share[0] + 0.5) / (s.share[1] + 10)
    known = all(q.days for q in near) and s.level[1] > 0
    if known:
        today = min(1.0, s.level[0] / s.level[1])
        clicks = min(clicks, min(_least(q.clicks, q.days) for q in near) * today)
        users_today = min(1.0, s.level[2] / s.level[3]) if s.level[3] else today
        users = min(users, min(_least(q.users, q.days) for q in near) * users_today)
        repeat = max([repeat] + [q.repeats / q.further for q in near if q.further])
    else:
        clicks, users = min(clicks, s.slow[0]), min(users, s.slow[1])
    floor = CV if known else CV_NEW
    variation = max(floor**2, s.noise[0] / (s.noise[1] + 1))
    return Expectation(max(clicks, 0.0), max(users, 0.0), _clip(repeat, 0.02, 0.98), known, variation)


def _least(mean: float, days: int) -> float:
    return mean - sqrt(mean / (BIN * min(days, 3)))


def _sums(
    p: DetectionSettings, s: EvidenceState, x: float, users: float | None, e: Expectation, *, agrees: bool
) -> tuple[float, float, float]:
    if s.seen < p.warm_up_windows:
        return 0.0, 0.0, 0.0
    up, down, top = OPEN_AT * (1 if agrees else SINGLE), -TAKE_BACK * OPEN_AT, OPEN_AT
    gone = _clip(s.gone + _clip(_ratio(x, e.clicks, GONE, e), down, up), 0.0, top)
    if users is None:
        return gone, 0.0, 0.0
    new, said = 1 - e.repeat, 0.0
    if x >= 2:
        said = ((users - 1) * log(MERGED) + (x - users) * log((1 - MERGED * new) / (1 - new))) / s.share_noise
    merged = _clip(s.merged + _clip(said, down, up), 0.0, top)
    support = _clip(s.support + _clip(_ratio(users, e.users, MERGED, e), down, up), -top, top) if merged > 0 else 0.0
    return gone, merged, support


def _ratio(x: float, mean: float, rho: float, e: Expectation) -> float:
    return (x * log(rho) + mean * (1 - rho)) / (1 + mean * e.variation)


def _learn_profile(s: EvidenceState, minute: int, x: float, u: float, *, is_open: bool) -> EvidenceState:
    f, b = s.filling, minute % 1440 // BIN
    f = Bin(f.clicks + x, f.users + u, f.repeats + x - u, f.further + max(0.0, x - 1), f.days + 1)
    if minute % BIN < BIN - 1:
        return replace(s, filling=f)
    profile = s.profile
    if f.days >= BIN / 2 and (f.clicks > 0 or not is_open):
        o, n = profile[b], f.days
        k = max(1 / PROFILE_DAYS, 1 / (o.days + 1))
        new = Bin(
            o.clicks + k * (f.clicks / n - o.clicks),
            o.users + k * (f.users / n - o.users),
            o.repeats + k * (f.repeats / n - o.repeats),
            o.further + k * (f.further / n - o.further),
            o.days + 1,
        )
        profile = (*profile[:b], new, *profile[b + 1 :])
    return replace(s, profile=profile, filling=Bin())


def _fast_half_life(s: EvidenceState) -> float:
    return _clip(LEARN_CLICKS / max(s.fast[0], 0.1), *FAST_MINUTES)


def _rate(half_life: float) -> float:
    return float(1 - 2 ** (-1 / half_life))


def _toward(old: tuple[float, float], new: tuple[float, float], k: float) -> tuple[float, float]:
    return (old[0] + k * (new[0] - old[0]), old[1] + k * (new[1] - old[1]))


def _decay(old: Sums, new: Sums, k: float, w: float) -> Sums:
    return tuple(a * (1 - k) + w * b for a, b in zip(old, new, strict=True))


def _clip(x: float, low: float, high: float) -> float:
    return low if x < low else high if x > high else x
