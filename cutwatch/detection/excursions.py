"""Evidence for one named fault, window by window, and what it takes to believe it on this very series.

An *excursion* is a stretch in which the evidence is above 0. Those that pass without an incident are the series' own
record of innocence, and the opening level is calibrated on them:

- their peaks have an exponential tail (peaks over threshold, as in Siffer et al., KDD 2017), whose scale is learnt,
  so that noise opens as seldom as the setting says;
- those that would have sufficed but for their shortness (a stall of a minute or two) are counted by length, and an
  incident must last longer than such do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log

BASE = 3.0  # nats above which the peaks' tail is exponential
PRIOR_PEAKS = 10.0  # weight of the prior on the tail's scale, which is that of the exact model: 1 nat
PRIOR_DAYS = 1.0
LEAST_LEVEL, HIGHEST_LEVEL = 6.0, 40.0
HIGHEST_PEAK = 30.0  # counted of a peak
SHORT = 3  # windows: what is no longer and strong is a stall
STRONG = 0.7  # of the opening level
LENGTHS = 5
PRIOR_STALLS = (0.1, 0.03, 0.01, 0.003, 0.001)  # a day, of at least 1, 2, ... windows, before anything is seen
PRIOR_AGREED = (0.06, 0.03, 0.01, 0.003, 0.001)  # the same with the forest agreeing
MEMORY_DAYS = 10.0
SLACK = 3.2  # nats by which the expectation's caution lowers the false rate


@dataclass(frozen=True)
class History:
    """What a series' innocent excursions were like; all decays over `MEMORY_DAYS`.

    Attributes:
        days: judged so far.
        peaks: how many peaked above `BASE`.
        excess: by how much, summed.
        stalls: how many were strong and lasted at least 1, 2, ... windows.
        agreed: how many of those the forest agreed with.
    """

    days: float = 0.0
    peaks: float = 0.0
    excess: float = 0.0
    stalls: tuple[float, ...] = (0.0,) * LENGTHS
    agreed: tuple[float, ...] = (0.0,) * LENGTHS

    def level(self, false_per_day: float, windows_per_day: float) -> float:
        """Nats that open an incident."""
        exact = log(windows_per_day / false_per_day) - SLACK
        scale = (PRIOR_PEAKS + self.excess) / (PRIOR_PEAKS + self.peaks)
        rate = (self.peaks + 1) / (self.days + PRIOR_DAYS)
        seen = BASE + scale * max(0.0, log(rate / false_per_day))
        return min(max(seen, exact, LEAST_LEVEL), HIGHEST_LEVEL)

    def windows(self, false_per_day: float, *, agrees: bool) -> int:
        """Bad windows that open an incident."""
        counts, prior = (self.agreed, PRIOR_AGREED) if agrees else (self.stalls, PRIOR_STALLS)
        days = self.days + PRIOR_DAYS
        rates = [(count + expected) / days for count, expected in zip(counts, prior, strict=True)]
        return next((length for length, rate in enumerate(rates, start=1) if rate <= false_per_day), LENGTHS + 1)


@dataclass(frozen=True)
class Evidence:
    """The evidence for one fault.

    Attributes:
        nats: reflected at 0, capped at the opening level.
        bad: windows of this excursion that spoke for the fault.
        total: nats without the cap.
        peak: its highest.
        agreed: the forest has found one of the windows strange.
        history: of innocent excursions.
    """

    nats: float = 0.0
    bad: int = 0
    total: float = 0.0
    peak: float = 0.0
    agreed: bool = False
    history: History = History()


def add(evidence: Evidence, said: float, *, level: float, take_back: float, agrees: bool) -> Evidence:
    """The evidence after one more window that said so many nats; an excursion that ends stays visible with nats 0."""
    if evidence.nats <= 0 and said <= 0:
        return evidence if evidence.bad == 0 else _cleared(evidence)
    if evidence.nats <= 0:
        evidence = _cleared(evidence)
    nats = min(max(evidence.nats + max(said, -take_back * level), 0.0), level)
    total = max(evidence.total + said, 0.0)
    return replace(
        evidence,
        nats=nats,
        bad=evidence.bad + (said > 0),
        total=total,
        peak=max(evidence.peak, total),
        agreed=evidence.agreed or (agrees and said > 0),
    )


def remember(evidence: Evidence, *, level: float) -> Evidence:
    """Take the excursion that has just ended into the history: it was innocent."""
    history, peak, bad = evidence.history, evidence.peak, evidence.bad
    if bad <= SHORT and peak >= STRONG * level:
        stalls = tuple(count + (length <= bad) for length, count in enumerate(history.stalls, start=1))
        agreed = tuple(
            count + (evidence.agreed and length <= bad) for length, count in enumerate(history.agreed, start=1)
        )
        history = replace(history, stalls=stalls, agreed=agreed)
    elif peak > BASE:
        history = replace(history, peaks=history.peaks + 1, excess=history.excess + min(peak, HIGHEST_PEAK) - BASE)
    return Evidence(history=history)


def age(history: History, days: float) -> History:
    """The history after so many more days."""
    keep = 1 - days / MEMORY_DAYS
    return History(
        history.days * keep + days,
        history.peaks * keep,
        history.excess * keep,
        tuple(count * keep for count in history.stalls),
        tuple(count * keep for count in history.agreed),
    )


def _cleared(evidence: Evidence) -> Evidence:
    return Evidence(history=evidence.history)
