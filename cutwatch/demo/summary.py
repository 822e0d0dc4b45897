"""The demo's result: `summary.json` for machines, a table for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from cutwatch.demo.article import ArticleRow
from cutwatch.demo.steps import Step
from cutwatch.detection import codec
from cutwatch.detection.evaluation import FaultResult

VERDICTS = {None: "", True: "found", False: "missed"}


@dataclass(frozen=True)
class Summary:
    """What `summary.json` holds.

    Attributes:
        clicks: How many were sent.
        faults: Every labelled fault, found or missed.
        false_incidents: Incidents that no label accounts for; without labels, every incident.
        notices: How many notices arrived at the subscriber.
        refused_rows: Rows on the errors stream.
        article: What the article's own rules say of the faults in the models' time.
        band_coverage: Share of normal windows inside DeepAR's band; 0.98 is right.
        steps: What was done, and how long it took.
        left_over: What removal left behind; must be empty.
    """

    clicks: int
    faults: tuple[FaultResult, ...]
    false_incidents: tuple[FaultResult, ...]
    notices: int
    refused_rows: int
    article: tuple[ArticleRow, ...]
    band_coverage: float | None
    steps: tuple[Step, ...]
    left_over: tuple[str, ...]

    def to_json(self) -> str:
        """Write it as indented JSON."""
        return json.dumps(codec.to_plain(self), indent=2) + "\n"


def show(summary: Summary, console: Console, *, labelled: bool) -> None:
    """Print the result as a table.

    Args:
        summary: The result.
        console: Where to.
        labelled: Whether labels were given: then faults and false alarms are told apart.
    """
    if labelled:
        found = sum(fault.found for fault in summary.faults)
        title = f"{found} of {len(summary.faults)} labelled faults found in {summary.clicks:,} clicks"
        console.print(_table(title, summary.faults, labelled=True))
        if summary.false_incidents:
            title = f"{len(summary.false_incidents)} incidents that no label accounts for"
            console.print(_table(title, summary.false_incidents, labelled=False))
        else:
            console.print("no false alarms")
    else:
        title = f"{len(summary.false_incidents)} incidents in {summary.clicks:,} clicks"
        console.print(_table(title, summary.false_incidents, labelled=False))
    if summary.article:
        console.print(_article_table(summary.article))
    if summary.band_coverage is not None:
        console.print(f"of the windows without a fault, {summary.band_coverage:.1%} lie in DeepAR's 1-99 % band")
    console.print(
        f"{summary.notices} notices; {summary.refused_rows} refused rows kept on the errors stream; "
        + (f"LEFT OVER: {', '.join(summary.left_over)}" if summary.left_over else "nothing left over after removal")
    )


def _table(title: str, rows: Sequence[FaultResult], *, labelled: bool) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("from")
    table.add_column("to")
    table.add_column("kind")
    if labelled:
        table.add_column("found")
        table.add_column("after", justify="right")
    table.add_column("detectors")
    table.add_column("leading column")
    for row in rows:
        verdict = ["yes" if row.found else "MISSED", _minutes(row.delay_minutes)] if labelled else []
        table.add_row(
            f"{row.start:%Y-%m-%d %H:%M}",
            f"{row.end:%Y-%m-%d %H:%M}",
            row.kind or "",
            *verdict,
            ", ".join(row.detectors),
            f"{row.leading_column} {row.direction}" if row.leading_column else "",
        )
    return table


def _article_table(rows: Sequence[ArticleRow]) -> Table:
    table = Table(
        title="by the article's own rules: SageMaker RCF above 2.6, DeepAR outside its band", title_justify="left"
    )
    for name in ("from", "to", "kind", "highest RCF score", "RCF", "DeepAR"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            f"{row.start:%Y-%m-%d %H:%M}",
            f"{row.end:%Y-%m-%d %H:%M}",
            row.kind,
            "" if row.rcf_score is None else f"{row.rcf_score:.2f}",
            VERDICTS[row.rcf_found],
            VERDICTS[row.deepar_found],
        )
    return table


def _minutes(delay: float | None) -> str:
    return "" if delay is None else f"{delay:.0f} min"
