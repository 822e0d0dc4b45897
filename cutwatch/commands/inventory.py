"""`python -m cutwatch inventory`: what there is of a stage in an account; after a removal, what was left."""

from __future__ import annotations

import argparse
import sys

from cutwatch.errors import OperatorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--stage", required=True, help="name of the stage")
    parser.add_argument("--expect-none", action="store_true", help="exit code 4 if there is anything: proves a removal")
    parser.add_argument("--region", help="of the stage (default: the environment's)")


def run(args: argparse.Namespace) -> int:
    """Print one line a resource."""
    import boto3

    from cutwatch.inventory import left_over

    session = boto3.Session(region_name=args.region)
    found = left_over(session.client, args.stage)  # type: ignore[arg-type]
    sys.stdout.writelines(f"{line}\n" for line in found)
    if args.expect_none and found:
        raise OperatorError(f"stage {args.stage} has {len(found)} resources left; allowed: none")
    sys.stderr.write(f"stage {args.stage}: {len(found)} resources\n")
    return 0
