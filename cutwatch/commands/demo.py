"""`python -m cutwatch demo`: the whole line on this machine, from `cdk deploy` to `cdk destroy`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from cutwatch.clickstream.arguments import (
    add_column_arguments,
    add_scenario_arguments,
    column_names_from,
    scenario_from,
)
from cutwatch.clickstream.generator import generate_days, plan
from cutwatch.clickstream.labels import as_labels, read_labels, write_labels
from cutwatch.clickstream.reading import read_clicks
from cutwatch.demo.line import Input
from cutwatch.demo.run import run_demo
from cutwatch.demo.summary import show
from cutwatch.errors import OperatorError

TABLE_COLUMNS = 110  # where the output is no terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--clicks", help="your own clicks, JSON Lines or CSV, plain or gzip (default: the sample)")
    parser.add_argument("--labels", help="known faults in them, CSV with start,end,kind (default: list all incidents)")
    parser.add_argument("--output", type=Path, default=Path("out/demo"), help="folder (default: %(default)s)")
    parser.add_argument(
        "--setting",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the stage, as `cdk deploy -c` takes it; may be repeated",
    )
    add_column_arguments(parser)
    add_scenario_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the demo; the table goes to stdout, everything else to stderr and the output folder."""
    settings = dict(_pair(text) for text in args.setting)
    given = _read_input(args)
    summary = run_demo(given, folder=args.output, settings=settings)
    console = Console(width=None if sys.stdout.isatty() else TABLE_COLUMNS)
    show(summary, console, labelled=given.labels is not None)
    sys.stderr.write(f"incidents, notices, refused rows, summary and logs are in {args.output}\n")
    if summary.left_over:
        raise OperatorError(f"removal left {len(summary.left_over)} resources: {', '.join(summary.left_over)}")
    return 0


def _read_input(args: argparse.Namespace) -> Input:
    args.output.mkdir(parents=True, exist_ok=True)
    if args.clicks:
        clicks = read_clicks(args.clicks, names=column_names_from(args), file_format=args.format)
        return Input([clicks], clicks.start, clicks.end, read_labels(args.labels) if args.labels else None)
    if args.labels:
        raise OperatorError(f"--labels {args.labels}: labels go with --clicks; the sample brings its own")
    planned = plan(scenario_from(args))
    write_labels(str(args.output / "labels.csv"), planned.faults)
    return Input(generate_days(planned), planned.scenario.start, planned.scenario.end, as_labels(planned.faults))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise OperatorError(f"--setting {text!r}: allowed is NAME=VALUE, such as alarms.sigma=4")
    return name, value
