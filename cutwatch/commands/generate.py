"""`python -m cutwatch generate`: a seeded clickstream with labelled faults, as a file."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from cutwatch.clickstream.arguments import add_scenario_arguments, scenario_from
from cutwatch.clickstream.clicks import events
from cutwatch.clickstream.files import create
from cutwatch.clickstream.generator import generate_days, plan
from cutwatch.clickstream.labels import write_labels


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "--output", default="-", help="JSON Lines to write, gzip where it ends in .gz (default: stdout)"
    )
    parser.add_argument("--labels", help="CSV to write the labelled faults to")
    parser.add_argument("--no-ticks", action="store_true", help="leave out the tick of every minute")
    add_scenario_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Write the clicks, the labels, and a word about both to stderr."""
    planned = plan(scenario_from(args))
    clicks = 0
    with create(args.output) as file:
        for event in events(generate_days(planned)):
            clicks += event.user is not None
            if event.user is not None or not args.no_ticks:
                file.write(event.data + b"\n")
    if args.labels:
        write_labels(args.labels, planned.faults)
    days = (planned.scenario.end - planned.scenario.start) / timedelta(days=1)
    sys.stderr.write(f"{clicks:,} clicks in {days:g} days, {len(planned.faults)} labelled faults\n")
    return 0
