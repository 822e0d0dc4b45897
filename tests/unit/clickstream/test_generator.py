"""The sample is what its labels say, and the same seed gives the same bytes."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from cutwatch.clickstream.clicks import Clicks, events
from cutwatch.clickstream.generator import generate, generate_days, plan
from cutwatch.clickstream.rows import Rows, count_rows
from cutwatch.clickstream.scenario import Fault, FaultKind, Scenario, sample

QUIET = Scenario(seed=3, days=3, clicks_per_minute=40, faults_per_day=0)


def rows_of(scenario: Scenario) -> Rows:
    return count_rows(generate(scenario))


def within(rows: Rows, fault: Fault, column: str) -> float:
    minute = int((fault.start - rows.time(0)) / timedelta(minutes=1))
    length = int((fault.end - fault.start) / timedelta(minutes=1))
    return float(rows.column(column)[minute : minute + length].mean())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sample_is_in_the_likeness_of_the_articles(seed: int) -> None:
    planned = plan(sample(seed))
    rows = count_rows(generate_days(planned))

    assert len(rows) == 9 * 1440
    assert rows.column("CLICKS").sum() == pytest.approx(258_000, rel=0.02)
    spans = {(fault.start, fault.end, fault.kind) for fault in planned.faults}
    day = datetime(2020, 7, 15, tzinfo=UTC)
    assert (day + timedelta(hours=10, minutes=10), day + timedelta(hours=11, minutes=20), "program") in spans
    assert (day + timedelta(hours=17, minutes=30), day + timedelta(hours=17, minutes=40), "system") in spans
    assert {fault.kind for fault in planned.faults} == {"program", "system"}
    lengths = [(fault.end - fault.start) / timedelta(minutes=1) for fault in planned.faults]
    assert min(lengths) >= 9
    assert max(lengths) <= 74


def test_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first = [event.data for event in events(generate(sample(5, days=2)))]

    assert first == [event.data for event in events(generate(sample(5, days=2)))]
    assert first != [event.data for event in events(generate(sample(6, days=2)))]


def test_events_are_in_order_with_one_tick_a_minute_and_one_at_the_end() -> None:
    all_events = list(events(generate(sample(5, days=2))))

    times = [event.time_ms for event in all_events]
    assert times == sorted(times)
    ticks = [json.loads(event.data) for event in all_events if event.user is None]
    assert len(ticks) == 2 * 1440 + 1
    assert all(set(tick) == {"timestamp"} for tick in ticks)
    assert ticks[0] == {"timestamp": "2020-07-07T00:00:00.000Z"}
    assert ticks[-1] == {"timestamp": "2020-07-09T00:00:59.000Z"}
    clicks = [json.loads(event.data) for event in all_events if event.user is not None]
    assert all(set(click) == {"timestamp", "user", "page"} for click in clicks)
    assert len({click["page"] for click in clicks}) == 20


@pytest.mark.parametrize(
    ("kind", "share", "column", "least", "most"),
    [
        ("system", 0.0, "CLICKS", 0.0, 0.0),
        ("system", 0.05, "CLICKS", 0.01, 0.1),
        ("program", 0.2, "CLICKS", 0.9, 1.1),
        ("program", 0.2, "USERS", 0.1, 0.4),
        ("flood", 5.0, "CLICKS", 4.0, 6.0),
        ("page", 0.0, "URLS", 0.8, 0.97),
    ],
)
def test_fault_changes_what_it_should(kind: FaultKind, share: float, column: str, least: float, most: float) -> None:
    start = QUIET.start + timedelta(days=1, hours=14)
    fault = Fault(start, start + timedelta(minutes=60), kind, share)

    usual = within(rows_of(QUIET), fault, column)
    faulty = within(rows_of(replace(QUIET, fixed_faults=(fault,))), fault, column)

    assert least <= faulty / usual <= most


def test_fault_leaves_the_rest_of_the_days_alone() -> None:
    start = QUIET.start + timedelta(days=1, hours=14)
    fault = Fault(start, start + timedelta(minutes=30), "system")

    usual, faulty = rows_of(QUIET), rows_of(replace(QUIET, fixed_faults=(fault,)))

    changed = np.flatnonzero((usual.values != faulty.values).any(axis=1))
    assert changed.min() == 1440 + 14 * 60
    assert changed.max() == 1440 + 14 * 60 + 29


@pytest.mark.parametrize("burst_minutes", [0, 3])
@pytest.mark.parametrize("burstiness", [1, 3, 5])
def test_burstiness_is_variance_over_mean(burstiness: float, burst_minutes: float) -> None:
    scenario = Scenario(
        seed=1,
        days=7,
        clicks_per_minute=50,
        night_share=1,
        weekend_share=1,
        wander=0,
        burstiness=burstiness,
        burst_minutes=burst_minutes,
        faults_per_day=0,
    )

    clicks = rows_of(scenario).column("CLICKS")

    assert clicks.var() / clicks.mean() == pytest.approx(burstiness, rel=0.15)


def test_stalls_come_as_often_as_they_should() -> None:
    rows = rows_of(replace(QUIET, stalls_per_day=8))

    low = (rows.column("CLICKS") <= 3) & (rows_of(QUIET).column("CLICKS") > 10)
    assert 12 <= low.sum() <= 60


def test_users_click_as_often_as_they_should() -> None:
    scenario = replace(QUIET, clicks_per_user=2.5, night_share=1)

    rows = rows_of(scenario)

    clicks, users = (rows.column(name).sum() for name in ("CLICKS", "USERS"))
    assert clicks / users == pytest.approx(2.5, rel=0.05)


@pytest.mark.parametrize("window_seconds", [60, 600])
def test_rows_agree_with_counting_by_hand(window_seconds: int) -> None:
    parts = list(generate(replace(QUIET, days=1, clicks_per_minute=5)))
    rows = count_rows(parts, window_seconds=window_seconds)

    seen: Counter[int] = Counter()
    users: dict[int, set[int]] = {}
    pages: dict[int, set[int]] = {}
    for part in parts:
        for time_ms, user, page in zip(part.time_ms.tolist(), part.user.tolist(), part.page.tolist(), strict=True):
            window = (time_ms - part.start_ms) // (window_seconds * 1000)
            seen[window] += 1
            users.setdefault(window, set()).add(user)
            pages.setdefault(window, set()).add(page)
    expected = [
        [len(pages.get(at, ())), len(users.get(at, ())), seen[at], seen[at] - len(users.get(at, ()))]
        for at in range(86_400 // window_seconds)
    ]
    assert rows.values.tolist() == expected


def test_no_clicks_give_rows_of_zeros() -> None:
    empty = np.zeros(0, np.int64)
    silent = Clicks(empty, empty, empty, str, str, 0, 180_000)

    assert count_rows([silent]).values.tolist() == [[0, 0, 0, 0]] * 3
