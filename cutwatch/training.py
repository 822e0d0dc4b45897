"""Starts the training state machine of a stage and follows it to its end."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cutwatch.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Trained:
    """What a training run came to.

    Attributes:
        name: Of the run; empty when there was nothing to train.
        why_not: Why there was nothing to train.
        output: The state machine's output.
    """

    name: str
    why_not: str
    output: dict[str, Any]


def start_training(client: SFNClient, machine_arn: str, *, reason: str = "demand") -> str:
    """Start a run and return the execution's ARN."""
    return client.start_execution(stateMachineArn=machine_arn, input=json.dumps({"reason": reason}))["executionArn"]


def wait_for_training(
    client: SFNClient,
    execution_arn: str,
    *,
    timeout_seconds: float,
    on_state: Callable[[str], None] = lambda _state: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Trained:
    """Follow a run.

    Args:
        client: Step Functions client.
        execution_arn: The run.
        timeout_seconds: How long to follow it.
        on_state: Told of each state that is entered.
        sleep: Waits between two looks.

    Raises:
        OperatorError: It failed, or took longer.
    """
    told = 0
    waited = 0.0
    while True:
        described = client.describe_execution(executionArn=execution_arn)
        entered = _entered(client, execution_arn)
        for state in entered[told:]:
            on_state(state)
        told = max(told, len(entered))
        if described["status"] != "RUNNING":
            break
        if waited >= timeout_seconds:
            raise OperatorError(f"training {execution_arn} still runs after {timeout_seconds:.0f} s")
        sleep(POLL_SECONDS)
        waited += POLL_SECONDS
    if described["status"] != "SUCCEEDED":
        cause = described.get("cause") or described.get("error") or described["status"]
        raise OperatorError(f"training {execution_arn} failed: {cause}")
    output: dict[str, Any] = json.loads(described.get("output") or "{}")
    prepared = output.get("prepared", {})
    ready = bool(prepared.get("ready"))
    return Trained(
        name=str(prepared.get("run", "")) if ready else "",
        why_not="" if ready else str(prepared.get("why", "")),
        output=output,
    )


def say_state(state: str) -> None:
    """Say on stderr that a state was entered."""
    sys.stderr.write(f"training: {state}\n")


def _entered(client: SFNClient, execution_arn: str) -> list[str]:
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    events = [event for page in pages for event in page["events"]]
    return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
