"""Results of a judgement as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.table import Table

from cutwatch.detection.evaluation import Evaluation, FaultResult, Rates


def fault_table(title: str, faults: Sequence[FaultResult], *, labelled: bool) -> Table:
    """One line a fault; `labelled` adds whether and how soon it was found."""
    table = Table(title=title, title_justify="left")
    for name in ("from", "to", "kind", *(("found", "after") if labelled else ()), "detectors", "leading column"):
        table.add_column(name, justify="right" if name == "after" else "left")
    for fault in faults:
        verdict = ["yes" if fault.found else "MISSED", _minutes(fault.delay_minutes)] if labelled else []
        moved = f"{fault.leading_column} {fault.direction}" if fault.leading_column else ""
        start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (fault.start, fault.end))
        table.add_row(start, end, fault.kind or "", *verdict, ", ".join(fault.detectors), moved)
    return table


def comparison_table(title: str, evaluations: Mapping[str, Evaluation]) -> Table:
    """Several settings side by side, a column each."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in evaluations:
        table.add_column(name, justify="right")
    results = list(evaluations.values())
    for label, values in (
        ("faults found", [f"{_found(result)} of {len(result.faults)}" for result in results]),
        ("median delay, minutes", [_number(result.median_delay_minutes) for result in results]),
        ("false incidents, first day", [str(result.false_first_day) for result in results]),
        ("false incidents a day after", [_number(result.false_per_day) for result in results]),
        ("precision / recall / F1 by incident", [_rates(result.by_incident) for result in results]),
        ("precision / recall / F1 by minute", [_rates(result.by_minute) for result in results]),
    ):
        table.add_row(label, *values)
    return table


def _found(result: Evaluation) -> int:
    return sum(fault.found for fault in result.faults)


def _minutes(delay: float | None) -> str:
    return "" if delay is None else f"{delay:.1f} min"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _rates(rates: Rates) -> str:
    return " / ".join(_number(value) for value in (rates.precision, rates.recall, rates.f1))
