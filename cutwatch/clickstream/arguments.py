"""The flags that several commands share: which clickstream to generate, and how to read a file."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from datetime import datetime

from cutwatch.clickstream.reading import FORMATS, ColumnNames
from cutwatch.clickstream.scenario import SAMPLE_START, Scenario, sample
from cutwatch.detection.codec import parse_time

VARIATIONS = {
    "clicks_per_minute": "mean clicks a minute",
    "burstiness": "variance over mean of a minute's clicks; 1 is Poisson",
    "burst_minutes": "how long bursts last",
    "stalls_per_day": "innocent stalls of one or two minutes",
    "dips_per_day": "innocent dips of three to eight minutes",
    "crawlers_per_day": "innocent visits of one user with many clicks",
    "night_share": "the quietest hour's rate as a share of the busiest one's",
    "weekend_share": "a weekend day's rate as a share of a weekday's",
    "step_share": "rate outside office hours as a share of that within",
    "drift_per_day": "relative growth a day",
    "faults_per_day": "labelled faults a day, besides the sample's two",
}


def add_scenario_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that describe a generated clickstream."""
    group = parser.add_argument_group("the generated clickstream")
    group.add_argument("--seed", type=int, default=1, help="of all randomness (default: %(default)s)")
    group.add_argument("--days", type=_days, default=9, help="how long it lasts (default: %(default)s)")
    group.add_argument("--start", type=_day, default=SAMPLE_START, help="first day (default: 2020-07-07)")
    defaults = {field.name: field.default for field in fields(Scenario)}
    for name, summary in VARIATIONS.items():
        default = sample().clicks_per_minute if name == "clicks_per_minute" else defaults[name]
        flag = "--" + name.replace("_", "-")
        group.add_argument(flag, type=_amount, default=default, help=f"{summary} (default: %(default)s)")


def scenario_from(args: argparse.Namespace) -> Scenario:
    """The scenario that the flags describe."""
    base = sample(args.seed, start=args.start, days=args.days)
    return replace(base, **{name: getattr(args, name) for name in VARIATIONS})


def add_column_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that say how a file of clicks is written."""
    for name in ("timestamp", "user", "page"):
        parser.add_argument(f"--{name}-column", default=name, help=f"column with the {name} (default: %(default)s)")
    parser.add_argument(
        "--format", choices=FORMATS, default="auto", help="of the clicks; combined: access logs (default: %(default)s)"
    )


def column_names_from(args: argparse.Namespace) -> ColumnNames:
    """What the flags call the columns."""
    return ColumnNames(args.timestamp_column, args.user_column, args.page_column)


def _day(text: str) -> datetime:
    try:
        moment = parse_time(text)
    except ValueError as cause:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; allowed: such as 2020-07-07") from cause
    if moment.second or moment.microsecond:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole minute")
    return moment


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 366:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: 1 to 366")
    return int(text)


def _amount(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r}; allowed: a number of at least 0")
    return value
