"""The answer that CloudFormation waits for from a custom resource."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

REASON_LIMIT = 1000  # CloudFormation refuses answers over 4 KB; a reason this long is still readable in the console


def answer(
    event: Mapping[str, Any],
    act: Callable[[], str],
    *,
    logger: Logger,
    send: Callable[[urllib.request.Request], None] | None = None,
) -> None:
    """Run `act` and tell CloudFormation how it went: without an answer the stack hangs until its time-out.

    Args:
        event: The custom resource's request.
        act: Does the work and returns the physical id. Whatever it raises fails the deployment, with
            its text as reason.
        logger: Where the failure is logged with its traceback.
        send: Sends the request; tests pass their own.
    """
    answered = {
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "PhysicalResourceId": event.get("PhysicalResourceId") or event["LogicalResourceId"],
    }
    try:
        answered |= {"Status": "SUCCESS", "PhysicalResourceId": act()}
    except Exception as error:  # CloudFormation must hear of every failure
        logger.exception("custom_resource_failed")
        answered |= {"Status": "FAILED", "Reason": str(error)[:REASON_LIMIT] or type(error).__name__}
    # The pre-signed address is signed without a content type.
    request = urllib.request.Request(  # noqa: S310 - CloudFormation gives the address
        event["ResponseURL"], data=json.dumps(answered).encode(), method="PUT", headers={"Content-Type": ""}
    )
    (send or _send)(request)


def _send(request: urllib.request.Request) -> None:
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310 - as above
        pass
