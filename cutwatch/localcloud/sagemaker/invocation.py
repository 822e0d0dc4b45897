"""InvokeEndpoint, the runtime's one action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cutwatch.containers import Request, Response
from cutwatch.localcloud.sagemaker.deployments import Deployment, RetiredError, Variant
from cutwatch.localcloud.sagemaker.endpoints import Endpoint
from cutwatch.localcloud.sagemaker.errors import ApiError
from cutwatch.localcloud.sagemaker.logs import ENDPOINT_GROUP
from cutwatch.localcloud.sagemaker.resources import Estate

BODY_LIMIT = 6_291_456
SERVERLESS_BODY_LIMIT = 4 * 1024 * 1024
MESSAGE_CHARACTERS = 1024


@dataclass(frozen=True)
class Invocation:
    """A request to an endpoint.

    Attributes:
        endpoint: its name.
        request: for the container.
        target_variant: the variant that must answer; empty leaves the choice.
    """

    endpoint: str
    request: Request
    target_variant: str = ""

    @classmethod
    def of(cls, endpoint: str, headers: Mapping[str, str], body: bytes) -> Invocation:
        """Take it out of an HTTP request whose headers' names are in lower case."""
        return cls(
            endpoint,
            Request(body, headers.get("content-type", ""), headers.get("accept", "")),
            headers.get("x-amzn-sagemaker-target-variant", ""),
        )


@dataclass(frozen=True)
class Answer:
    """What a variant answered."""

    variant: str
    response: Response


def invoke(estate: Estate, invocation: Invocation) -> Answer:
    """Let an endpoint answer.

    Raises:
        ApiError: ValidationError, ModelError or ServiceUnavailable, as the runtime's API has them.
    """
    while True:
        deployment = _serving(estate, invocation.endpoint)
        try:
            with deployment.taking(invocation.target_variant) as variant:
                if variant is None:
                    raise _refused(f"Variant {invocation.target_variant} not found for endpoint {invocation.endpoint}.")
                return _ask(estate, invocation, variant)
        except RetiredError:  # swapped in between: the one that took its place answers
            continue


def _serving(estate: Estate, name: str) -> Deployment:
    endpoint: Endpoint | None = estate.endpoints.get(name)
    if endpoint is None:
        raise _refused(f"Endpoint {name} of account {estate.place.account} not found.")
    deployment = endpoint.deployment
    if deployment is None or endpoint.status in ("Creating", "Failed", "Deleting"):
        raise _refused(f"Endpoint {name} of account {estate.place.account} is not in service: {endpoint.status}.")
    return deployment


def _ask(estate: Estate, invocation: Invocation, variant: Variant) -> Answer:
    limit = SERVERLESS_BODY_LIMIT if variant.serverless else BODY_LIMIT
    if len(invocation.request.body) > limit:
        raise ApiError("ValidationError", f"HTTP content length exceeded {limit} bytes.", 413)
    try:
        response = variant.replica.invoke(invocation.request)
    except TimeoutError as error:
        raise _model_error(estate, invocation, "server error", 0, "Your invocation timed out while waiting for a "
                           "response from container primary.") from error  # fmt: skip
    except ConnectionError as error:
        raise ApiError("ServiceUnavailable", f"Endpoint {invocation.endpoint} does not answer.", 503) from error
    if response.status >= 400:
        whose = "client error" if response.status < 500 else "server error"
        text = response.body.decode(errors="replace")[:MESSAGE_CHARACTERS]
        raise _model_error(estate, invocation, whose, response.status, text)
    return Answer(variant.name, response)


def _refused(message: str) -> ApiError:
    return ApiError("ValidationError", message)


def _model_error(estate: Estate, invocation: Invocation, whose: str, status: int, text: str) -> ApiError:
    place, group = estate.place, f"{ENDPOINT_GROUP}/{invocation.endpoint}"
    return ApiError(
        "ModelError",
        f'Received {whose} ({status}) from primary with message "{text}". See the log group {group} in account '
        f"{place.account} for more information.",
        424,
        {
            "OriginalStatusCode": status,
            "OriginalMessage": text,
            "LogStreamArn": f"arn:aws:logs:{place.region}:{place.account}:log-group:{group}",
        },
    )
