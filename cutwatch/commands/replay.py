"""`python -m cutwatch replay`: clicks and ticks to a Kinesis stream, a file's or the sample's."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from cutwatch.clickstream.arguments import (
    add_column_arguments,
    add_scenario_arguments,
    column_names_from,
    scenario_from,
)
from cutwatch.clickstream.clicks import Clicks, events
from cutwatch.clickstream.generator import generate_days, plan
from cutwatch.clickstream.progress import show_progress
from cutwatch.clickstream.reading import read_clicks
from cutwatch.clickstream.replay import Pace, replay
from cutwatch.errors import OperatorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--stream", help="name of the Kinesis stream")
    where.add_argument("--stage", help="stage whose clicks stream it is, found by its stack's output")
    parser.add_argument("--clicks", help="file of clicks to send (default: the generated sample); - is stdin")
    parser.add_argument(
        "--speed", type=float, help="event time against real time; 60 is an hour a minute (default: full)"
    )
    parser.add_argument(
        "--shift-to-now",
        action="store_true",
        help="move all times by whole days, so that the first day begins at the coming midnight (UTC): for a stage "
        "whose own scheduler sends ticks of the real time, which otherwise make old clicks late",
    )
    parser.add_argument("--endpoint-url", help="of Kinesis, if not AWS's own; no rate limit is kept then")
    parser.add_argument("--region", help="of the stream (default: the environment's)")
    add_column_arguments(parser)
    add_scenario_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Send everything, showing progress on stderr."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    if args.speed is not None and args.speed <= 0:
        raise OperatorError(f"--speed is {args.speed:g}; allowed: more than 0")
    parts, start, end = _clicks(args)
    shift = _shift_days(start) if args.shift_to_now else timedelta(0)
    shift_ms = int(shift / timedelta(milliseconds=1))
    try:
        stream = args.stream or _stream_of(args)
        client = boto3.client("kinesis", endpoint_url=args.endpoint_url, region_name=args.region)
        is_aws = ".amazonaws.com" in client.meta.endpoint_url  # a local cloud has no rate limit
        pace = Pace(Pace.records_per_second_per_shard if is_aws else None, args.speed)
        with show_progress(start + shift, end + shift) as show:
            sent = replay(client, stream, events(parts, shift_ms=shift_ms), pace=pace, on_progress=show)
    except (BotoCoreError, ClientError) as cause:
        raise OperatorError(f"{args.stream or args.stage}: {cause}") from cause
    again = f", {sent.retried:,} records sent again" if sent.retried else ""
    sys.stderr.write(f"sent {sent.clicks:,} clicks and {sent.ticks:,} ticks to {stream}{again}\n")
    return 0


def _stream_of(args: argparse.Namespace) -> str:
    """The clicks stream of a deployed stage, by the output of its stack."""
    import boto3

    stack = f"Cutwatch-{args.stage}-Streams"
    client = boto3.client("cloudformation", endpoint_url=args.endpoint_url, region_name=args.region)
    (described,) = client.describe_stacks(StackName=stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())}
    if "ClicksStream" not in outputs:
        raise OperatorError(f"stack {stack} has no output ClicksStream; allowed: a stage that `make deploy` made")
    return outputs["ClicksStream"]


def _clicks(args: argparse.Namespace) -> tuple[Iterable[Clicks], datetime, datetime]:
    if args.clicks:
        clicks = read_clicks(args.clicks, names=column_names_from(args), file_format=args.format)
        return [clicks], clicks.start, clicks.end
    planned = plan(scenario_from(args))
    return generate_days(planned), planned.scenario.start, planned.scenario.end


def _shift_days(start: datetime) -> timedelta:
    """Whole days from the first day of the data to the one that begins at the coming midnight."""
    return timedelta(days=(datetime.now(UTC).date() - start.date()).days + 1)
