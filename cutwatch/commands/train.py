"""`python -m cutwatch train`: start a stage's training and follow it."""

from __future__ import annotations

import argparse
import json
import sys

from cutwatch.errors import OperatorError
from cutwatch.training import say_state, start_training, wait_for_training


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--stage", required=True, help="name of the stage")
    parser.add_argument("--region", help="of the stage (default: the environment's)")
    parser.add_argument("--timeout-minutes", type=float, default=180, help="how long to follow it (default: 180)")


def run(args: argparse.Namespace) -> int:
    """Start, follow, and print the outcome as JSON."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    session = boto3.Session(region_name=args.region)
    stack = f"Cutwatch-{args.stage}-Models"
    try:
        (described,) = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", ())}
        client = session.client("stepfunctions")
        execution = start_training(client, outputs["StateMachineArn"])
        trained = wait_for_training(
            client,
            execution,
            timeout_seconds=args.timeout_minutes * 60,
            on_state=say_state,
        )
    except (BotoCoreError, ClientError, KeyError) as cause:
        raise OperatorError(f"stack {stack}: {cause}; allowed: a stage deployed with models") from cause
    if not trained.name:
        raise OperatorError(f"nothing was trained: {trained.why_not}")
    sys.stdout.write(json.dumps(trained.output, indent=2) + "\n")
    return 0
