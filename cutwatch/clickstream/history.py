"""A history to judge, from whatever file it is in: clicks, rows or recorded score records; or a generated one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from cutwatch.clickstream.arguments import (
    add_column_arguments,
    add_scenario_arguments,
    column_names_from,
    scenario_from,
)
from cutwatch.clickstream.files import open_text
from cutwatch.clickstream.generator import generate_days, plan
from cutwatch.clickstream.labels import as_labels, read_labels
from cutwatch.clickstream.reading import ColumnNames, Format, read_clicks
from cutwatch.clickstream.row_files import is_row_header, read_rows
from cutwatch.clickstream.rows import count_rows
from cutwatch.clickstream.scoring import score_records
from cutwatch.detection.evaluation import Label
from cutwatch.detection.records import ScoreRecord, parse_score_record


@dataclass(frozen=True)
class History:
    """Score records of one series in order of time, and what is known to have gone wrong; None: nothing is known."""

    records: Sequence[ScoreRecord]
    labels: Sequence[Label] | None


def add_history_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that say what is judged."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--input",
        help="clicks (JSON Lines, CSV, Parquet), rows with TIMESTAMPS, or score records; told apart by content",
    )
    source.add_argument("--clicks", help="file of clicks")
    source.add_argument("--rows", help="CSV of ready rows: any of TIMESTAMPS, URLS, USERS, CLICKS, RESIDUALS")
    parser.add_argument("--labels", help="CSV of known faults: start,end,kind")
    add_column_arguments(parser)
    add_scenario_arguments(parser)


def history_from(args: argparse.Namespace) -> History:
    """Read the history that the flags name; none named: generate one. Raises DataError, OperatorError."""
    labels = read_labels(args.labels) if args.labels else None
    if args.rows:
        return History(list(score_records(read_rows(args.rows))), labels)
    path = args.clicks or args.input
    if path:
        is_clicks = bool(args.clicks)
        return History(_read(path, column_names_from(args), args.format, is_clicks=is_clicks), labels)
    planned = plan(scenario_from(args))
    known = as_labels(planned.faults) if labels is None else labels
    return History(list(score_records(count_rows(generate_days(planned)))), known)


def _read(path: str, names: ColumnNames, file_format: Format, *, is_clicks: bool) -> list[ScoreRecord]:
    if not is_clicks and file_format == "auto" and path != "-" and not path.endswith(".parquet"):
        with open_text(path) as text:
            first = text.readline()
        if '"detector"' in first:
            with open_text(path) as text:
                return [parse_score_record(line) for line in text if line.strip()]
        if is_row_header(first):
            return list(score_records(read_rows(path)))
    clicks = read_clicks(path, names=names, file_format=file_format)
    return list(score_records(count_rows([clicks])))
