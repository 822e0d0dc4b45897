"""What a generated clickstream is like: one frozen, seeded description."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

FaultKind = Literal["system", "program", "flood", "page"]

SAMPLE_START = datetime(2020, 7, 7, tzinfo=UTC)


@dataclass(frozen=True)
class Fault:
    """A fault of a known kind, from `start` to before `end`.

    `share` is what it leaves: of the clicks (`system`; above 1 for a `flood`), of the distinct users (`program`);
    for a `page` it is not used: `page` is gone, and its clicks with it.
    """

    start: datetime
    end: datetime
    kind: FaultKind
    share: float = 0.0
    page: int = 0


@dataclass(frozen=True)
class Scenario:
    """A clickstream to generate. The same scenario gives the same clicks, byte for byte.

    Attributes:
        seed: of all randomness.
        start: aware; the first minute.
        days: how long it lasts.
        clicks_per_minute: mean over the whole, before faults.
        pages: how many pages there are; popularity falls with their number.
        clicks_per_user: mean clicks of the users seen in a minute.
        visitors: `met`: every further click of a minute brings somebody new with the same chance; `pool`: clicks are
            drawn from as many sessions as the time of day usually has, so that more clicks bring fewer new users.
        night_share: the quietest hour's rate as a share of the busiest one's.
        peak_hour: local hour of the busiest time.
        weekend_share: rate of Saturday and Sunday as a share of a weekday's.
        step_share: rate outside `step_hours` as a share of that within them; 1: no steps.
        step_hours: between which hours a site with steps is busy, changing within a minute.
        drift_per_day: relative growth of the rate each day.
        wander: standard deviation of the slow wandering of the rate's logarithm (time constant two hours).
        burstiness: variance over mean of a minute's clicks around the rate; 1 is Poisson.
        burst_minutes: how long bursts last; 0: every minute by itself.
        stalls_per_day: innocent stalls: one or two minutes with next to no clicks.
        dips_per_day: innocent dips: three to eight minutes at 50 to 75 %.
        crawlers_per_day: innocent visits of one user who adds clicks for ten to forty minutes.
        faults_per_day: labelled faults of 9 to 74 minutes, at random times.
        fault_kinds: their kinds, taken in turn.
        leak: most that a system fault may leave of the clicks.
        fixed_faults: faults besides those, at given times.
    """

    seed: int = 1
    start: datetime = SAMPLE_START
    days: int = 9
    clicks_per_minute: float = 20.0
    pages: int = 20
    clicks_per_user: float = 1.7
    visitors: Literal["met", "pool"] = "met"
    night_share: float = 0.2
    peak_hour: float = 15.0
    weekend_share: float = 0.8
    step_share: float = 1.0
    step_hours: tuple[float, float] = (8.0, 18.0)
    drift_per_day: float = 0.0
    wander: float = 0.03
    burstiness: float = 1.0
    burst_minutes: float = 0.0
    stalls_per_day: float = 0.0
    dips_per_day: float = 0.0
    crawlers_per_day: float = 0.0
    faults_per_day: float = 1.4
    fault_kinds: tuple[FaultKind, ...] = ("program", "system")
    leak: float = 0.0
    fixed_faults: tuple[Fault, ...] = ()

    @property
    def end(self) -> datetime:
        """The moment after the last minute."""
        return self.start + timedelta(days=self.days)

    @property
    def minutes(self) -> int:
        """How many minutes it lasts."""
        return self.days * 1440


def sample(seed: int = 1, *, start: datetime = SAMPLE_START, days: int = 9) -> Scenario:
    """The sample of the demo: nine days in the likeness of the article's, with its two faults of the last day.

    Those two lie on the ninth day, 10:10-11:20 (program) and 17:30-17:40 (system); a shorter sample has them on its
    last day.
    """
    last = start + timedelta(days=days - 1)
    fixed = (
        Fault(last + timedelta(hours=10, minutes=10), last + timedelta(hours=11, minutes=20), "program", share=0.2),
        Fault(last + timedelta(hours=17, minutes=30), last + timedelta(hours=17, minutes=40), "system"),
    )
    return Scenario(seed=seed, start=start, days=days, clicks_per_minute=20.4, fixed_faults=fixed)
