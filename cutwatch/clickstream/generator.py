"""From a scenario to clicks: arrays by the day, so that two thousand clicks a minute stay in memory.

for day in generate(sample(seed=1)):
    day.time_ms, day.user, day.page     # one click each, in order of time
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from cutwatch.clickstream.clicks import MINUTE_MS, Clicks, Ints, to_ms
from cutwatch.clickstream.faults import plan_faults
from cutwatch.clickstream.rhythm import Floats, expected_rate, with_bursts, with_trouble
from cutwatch.clickstream.scenario import Fault, Scenario

SESSION_MINUTES = 10
CRAWLER_MINUTES = (10, 41)


@dataclass(frozen=True)
class Plan:
    """A scenario with its chances drawn: the rate by minute, and the faults.

    `expected` is the rate before bursts, trouble and faults; `rate` is after bursts and trouble.
    """

    scenario: Scenario
    expected: Floats
    rate: Floats
    faults: tuple[Fault, ...]
    crawlers: tuple[tuple[int, int, float], ...]

    def cost(self, fault: Fault) -> float:
        """Expected clicks (or, for a program fault, users) that a fault costs; for a flood, those it adds."""
        first, last = (_minute(self.scenario, moment) for moment in (fault.start, fault.end))
        expected = self.expected[max(0, first) : last]
        if fault.kind == "program":  # whoever clicks first in a minute is counted all the same
            further = (expected - 1 + np.exp(-expected)).sum() / self.scenario.clicks_per_user
            return float(further * (1 - fault.share))
        if fault.kind == "page":
            return float(expected.sum() * page_popularity(self.scenario)[fault.page])
        return float(expected.sum() * abs(1 - fault.share))


def page_popularity(scenario: Scenario) -> Floats:
    """Each page's share of the clicks, in the order of their numbers."""
    popularity = 1 / np.arange(2, scenario.pages + 2)
    shares: Floats = popularity / popularity.sum()
    return shares


def plan(scenario: Scenario) -> Plan:
    """Draw rates, faults and crawlers of a scenario; each from its own seed, so that one leaves the others alone."""
    seeds = np.random.SeedSequence(scenario.seed).spawn(5)
    expected = expected_rate(scenario, np.random.default_rng(seeds[0]))
    bursty = with_bursts(scenario, expected, np.random.default_rng(seeds[1]))
    rate = with_trouble(scenario, bursty, np.random.default_rng(seeds[2]))
    faults = plan_faults(scenario, np.random.default_rng(seeds[3]))
    return Plan(scenario, expected, rate, faults, _crawlers(scenario, np.random.default_rng(seeds[4])))


def generate(scenario: Scenario) -> Iterator[Clicks]:
    """Generate a scenario's clicks, one `Clicks` a day."""
    yield from generate_days(plan(scenario))


def generate_days(planned: Plan) -> Iterator[Clicks]:
    """Generate the clicks of a plan, one `Clicks` a day."""
    scenario = planned.scenario
    for day in range(scenario.days):
        rng = np.random.default_rng([scenario.seed, day, 1])
        yield _day(planned, day, rng)


def _day(planned: Plan, day: int, rng: np.random.Generator) -> Clicks:
    scenario = planned.scenario
    first = day * 1440
    rate = planned.rate[first : first + 1440]
    clicks = _draw(scenario, rate, planned.expected[first : first + 1440], first, rng)
    extra = [_flood(planned, fault, first, rng) for fault in planned.faults if fault.kind == "flood"]
    extra += [_crawl(planned, crawler, first, rng) for crawler in planned.crawlers]
    time, user, page = (np.concatenate(parts) for parts in zip(clicks, *extra, strict=True))
    order = np.argsort(time, kind="stable")
    time, user, page = time[order], user[order], page[order]
    for fault in planned.faults:
        time, user, page = _apply(planned, fault, time, user, page, rng)
    zero = to_ms(scenario.start)
    start, end = (zero + minute * MINUTE_MS for minute in (first, first + 1440))
    return Clicks(time + zero, user, page, "u{:x}".format, "/page/{}".format, start, end)


Arrays = tuple[Ints, Ints, Ints]


def _draw(scenario: Scenario, rate: Floats, expected: Floats, first: int, rng: np.random.Generator) -> Arrays:
    """Clicks at `rate` a minute; `expected` is how many the time of day usually has."""
    clicks = rng.poisson(rate)
    minute = np.repeat(np.arange(first, first + len(rate)), clicks)
    time = minute * MINUTE_MS + rng.integers(0, MINUTE_MS, len(minute))
    session = (_pooled if scenario.visitors == "pool" else _met)(scenario, clicks, expected, rng)
    turn = (minute + session * 7) // SESSION_MINUTES  # sessions end and begin at different minutes
    user = session * 1_000_003 + turn * 7919
    return time, user, _draw_pages(scenario, len(minute), rng)


def _met(scenario: Scenario, clicks: Ints, _expected: Floats, rng: np.random.Generator) -> Ints:
    """Sessions of clicks: a minute's first click brings a user; each further one a new user, or one met before."""
    begin = np.repeat(np.cumsum(clicks) - clicks, clicks)
    is_new = rng.random(len(begin)) < 1 / scenario.clicks_per_user
    is_new[begin == np.arange(len(begin))] = True
    met = np.cumsum(is_new, dtype=np.int64)
    met = met - met[begin] + 1  # users met so far in the minute
    session: Ints = np.where(is_new, met - 1, (rng.random(len(begin)) * met).astype(np.int64))
    return session


def _pooled(scenario: Scenario, clicks: Ints, expected: Floats, rng: np.random.Generator) -> Ints:
    """Sessions of clicks: drawn from a pool of as many as the time of day usually has."""
    sessions = np.maximum(1, rng.poisson(expected * _sessions_per_click(scenario.clicks_per_user)))
    session: Ints = (rng.random(clicks.sum()) * np.repeat(sessions, clicks)).astype(np.int64)
    return session


def _sessions_per_click(clicks_per_user: float) -> float:
    """Sessions for which users met in a minute click `clicks_per_user` times on average (an occupancy problem)."""
    low, high = 1e-3, 1e3
    for _ in range(60):  # clicks per session x solve x / (1 - exp(-x)) = clicks_per_user
        middle = (low * high) ** 0.5
        met = middle / (1 - math.exp(-middle))
        low, high = (middle, high) if met < clicks_per_user else (low, middle)
    return 1 / low


def _draw_pages(scenario: Scenario, count: int, rng: np.random.Generator) -> Ints:
    return np.searchsorted(np.cumsum(page_popularity(scenario)), rng.random(count)).clip(max=scenario.pages - 1)


def _flood(planned: Plan, fault: Fault, first: int, rng: np.random.Generator) -> Arrays:
    """The clicks that a flood adds to the day: of users never seen else."""
    rate = np.zeros(1440)
    start, end = (_minute(planned.scenario, moment) - first for moment in (fault.start, fault.end))
    span = slice(max(0, start), max(0, min(1440, end)))
    rate[span] = planned.rate[first : first + 1440][span] * (fault.share - 1)
    time, user, page = _draw(planned.scenario, rate, np.maximum(rate, 1.0), first, rng)
    return time, user + 10**12, page


def _crawl(planned: Plan, crawler: tuple[int, int, float], first: int, rng: np.random.Generator) -> Arrays:
    start, end, share = crawler
    rate = np.zeros(1440)
    span = slice(max(0, start - first), max(0, min(1440, end - first)))
    rate[span] = planned.expected[first : first + 1440][span] * share
    time, user, page = _draw(planned.scenario, rate, np.maximum(rate, 1.0), first, rng)
    return time, np.full_like(user, 10**13 + start), page


def _apply(
    planned: Plan,
    fault: Fault,
    time: Ints,
    user: Ints,
    page: Ints,
    rng: np.random.Generator,
) -> Arrays:
    start, end = ((moment - planned.scenario.start) / timedelta(milliseconds=1) for moment in (fault.start, fault.end))
    inside = (time >= start) & (time < end)
    if not inside.any() or fault.kind == "flood":
        return time, user, page
    if fault.kind == "program":  # different users are taken for the same few
        users = 1 + np.maximum(0, planned.expected[time[inside] // MINUTE_MS] - 1) / planned.scenario.clicks_per_user
        user = user.copy()
        user[inside] %= np.maximum(1, np.rint(users * fault.share)).astype(np.int64)
        return time, user, page
    lost = page == fault.page if fault.kind == "page" else rng.random(len(time)) >= fault.share
    kept = ~(inside & lost)
    return time[kept], user[kept], page[kept]


def _crawlers(scenario: Scenario, rng: np.random.Generator) -> tuple[tuple[int, int, float], ...]:
    starts = rng.integers(0, scenario.minutes, rng.poisson(scenario.crawlers_per_day * scenario.days))
    return tuple((int(at), int(at + rng.integers(*CRAWLER_MINUTES)), float(rng.uniform(0.2, 1))) for at in starts)


def _minute(scenario: Scenario, moment: datetime) -> int:
    return int((moment - scenario.start) / timedelta(minutes=1))
