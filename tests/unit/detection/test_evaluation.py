"""Incidents against labels: the result is a contract with the demo and with `judge --json`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cutwatch.detection.evaluation import Label, evaluate
from cutwatch.detection.nab import STANDARD, ScoredFile, position_worth, score_corpus
from tests.unit.detection.test_messages import INCIDENT

DAY = datetime(2020, 7, 14, tzinfo=UTC)
END = DAY + timedelta(days=3)


def at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def incident(start: float, opened: float, end: float) -> object:
    return replace(INCIDENT, started=at(start), opened=at(opened), last_bad=at(end), over=at(end))


LABEL = Label(at(30), at(31), "system")


@pytest.mark.parametrize(
    ("told", "found", "delay", "false"),
    [
        ([(30, 30.1, 31)], True, 6.0, 0),
        ([(30, 31.1, 31.1)], True, 66.0, 0),  # within ten minutes after the end
        ([(30, 31.2, 31.2)], False, None, 1),  # later: of no use
        ([(31, 31.1, 31.2)], False, None, 1),  # begins only after it
        ([(20, 20.1, 40)], False, None, 1),  # was open long before: not because of it
        ([(29.9, 30.1, 30.2), (30.5, 30.6, 31)], True, 6.0, 0),
        ([(1, 1.1, 2), (50, 50.1, 51)], False, None, 2),
        ([], False, None, 0),
    ],
)
def test_what_counts_as_found(
    told: list[tuple[float, float, float]], found: bool, delay: float | None, false: int
) -> None:
    result = evaluate([incident(*one) for one in told], [LABEL], start=DAY, end=END)  # type: ignore[misc]

    assert result.faults[0].found is found
    assert result.faults[0].delay_minutes == (pytest.approx(delay) if delay is not None else None)
    assert len(result.false_incidents) == false


def test_second_fault_within_an_incident_is_found_too() -> None:
    second = Label(at(30.5), at(31.5), "program")

    result = evaluate([incident(30, 30.1, 31.5)], [LABEL, second], start=DAY, end=END)  # type: ignore[list-item]

    assert [fault.found for fault in result.faults] == [True, True]
    assert result.faults[1].delay_minutes == 0


def test_rates_and_false_incidents_a_day() -> None:
    told = [incident(30, 30, 31), incident(1, 1.1, 2), incident(50, 50.1, 50.5)]

    result = evaluate(told, [replace(LABEL, start=at(29.5))], start=DAY, end=END)  # type: ignore[arg-type]

    assert result.false_first_day == 1
    assert result.false_per_day == pytest.approx(0.5)
    assert result.by_incident.precision == pytest.approx(1 / 3)
    assert result.by_incident.recall == 1
    assert result.by_incident.f1 == pytest.approx(0.5)
    assert result.by_minute.precision == pytest.approx(1 / 2.5)
    assert result.by_minute.recall == pytest.approx(1 / 1.5)


def test_nothing_to_divide_by_is_none() -> None:
    result = evaluate([], [], start=DAY, end=DAY + timedelta(hours=5))

    assert result.by_incident.precision is None
    assert result.by_incident.recall is None
    assert result.false_per_day is None
    assert result.median_delay_minutes is None


def test_json_has_the_demos_form() -> None:
    result = json.loads(evaluate([incident(30, 30.1, 31)], [LABEL], start=DAY, end=END).to_json())  # type: ignore[list-item]

    assert result["faults"] == [
        {
            "start": "2020-07-15T06:00:00Z",
            "end": "2020-07-15T07:00:00Z",
            "kind": "system",
            "found": True,
            "delay_minutes": 6.0,
            "detectors": ["kinesis_rcf", "deepar"],
            "leading_column": "CLICKS",
            "direction": "LOW",
        }
    ]
    assert result["false_incidents"] == []


# ---- the Numenta Anomaly Benchmark's scoring ----

TIMES = [DAY + timedelta(minutes=5 * row) for row in range(1000)]
WINDOW = (TIMES[500], TIMES[549])


def scored(*rows: int) -> ScoredFile:
    return ScoredFile(TIMES, [1.0 if row in rows else 0.0 for row in range(1000)], [WINDOW])


def test_silence_is_nought_and_the_first_row_of_a_window_a_hundred() -> None:
    assert score_corpus([scored()]).score == 0
    assert score_corpus([scored(500)]).score == pytest.approx(100)


def test_a_late_detection_earns_less_and_the_best_of_a_window_counts() -> None:
    late = score_corpus([scored(540)]).score

    assert late == pytest.approx(50 * (1 + position_worth(-10 / 50) / position_worth(-1)))
    assert score_corpus([scored(540, 545)]).score == pytest.approx(late)


@pytest.mark.parametrize(
    ("row", "cost"),
    [(300, 0.11), (560, -0.11 * position_worth(11 / 49)), (900, 0.11), (149, 0.0)],
)
def test_a_false_detection_costs_the_more_the_further_it_is_behind(row: int, cost: float) -> None:
    assert score_corpus([scored(500, row)]).score == pytest.approx(100 - 50 * cost)


def test_one_threshold_serves_all_files() -> None:
    loud = ScoredFile(TIMES, [0.4 if row == 500 else 0.9 if row == 300 else 0.0 for row in range(1000)], [WINDOW])

    result = score_corpus([loud, scored(500)], STANDARD)

    assert result.threshold == 0.4
    assert (result.found, result.windows, result.false) == (2, 2, 1)
    assert result.score == pytest.approx(100 * (4 - 0.11) / 4)
