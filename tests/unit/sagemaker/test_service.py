"""The service's two HTTP protocols."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from cutwatch.containers import Response
from tests.unit.sagemaker.conftest import Bench
from tests.unit.sagemaker.fakes import PLACE, RCF_IMAGE, ROLE


def send(bench: Bench, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    return asyncio.run(bench.service.answer(path, headers, body, PLACE))


def control(bench: Bench, action: str, **request: Any) -> tuple[int, Any]:
    status, _, body = send(bench, "/", {"x-amz-target": f"SageMaker.{action}"}, json.dumps(request).encode())
    return status, json.loads(body)


def test_the_control_plane(bench: Bench) -> None:
    bench.storage.put("s3://data/model.tar.gz")
    container = {"Image": RCF_IMAGE, "ModelDataUrl": "s3://data/model.tar.gz"}
    status, made = control(bench, "CreateModel", ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    assert (status, made) == (200, {"ModelArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m"})
    assert control(bench, "DescribeModel", ModelName="m")[1]["ModelName"] == "m"


def test_errors_of_the_control_plane(bench: Bench) -> None:
    status, error = control(bench, "DescribeModel", ModelName="nobody")
    assert (status, error["__type"]) == (400, "ValidationException")
    assert error["message"].startswith("Could not find model")
    status, error = control(bench, "CreateProcessingJob")
    assert (status, error["__type"]) == (400, "UnknownOperationException")


def test_the_runtime(bench: Bench) -> None:
    bench.endpoint()
    headers = {
        "content-type": "text/csv",
        "accept": "application/json",
        "x-amzn-sagemaker-custom-attributes": "trace=1",
    }
    bench.hosting.replicas["s3://data/first/model.tar.gz"].answer = Response(b'{"scores": []}', "application/json")
    status, sent, body = send(bench, "/endpoints/live/invocations", headers, b"1,2")
    assert (status, body) == (200, b'{"scores": []}')
    assert sent == {
        "content-type": "application/json",
        "x-Amzn-Invoked-Production-Variant": "first",
        "X-Amzn-SageMaker-Custom-Attributes": "trace=1",
    }


def test_errors_of_the_runtime(bench: Bench) -> None:
    status, sent, body = send(bench, "/endpoints/nobody/invocations", {}, b"")
    assert (status, sent["x-amzn-ErrorType"]) == (400, "ValidationError")
    assert json.loads(body)["Message"] == "Endpoint nobody of account 123456789012 not found."
    bench.endpoint()
    bench.hosting.replicas["s3://data/first/model.tar.gz"].answer = Response(b"no rows", "text/plain", 400)
    status, sent, body = send(bench, "/endpoints/live/invocations", {}, b"")
    assert (status, sent["x-amzn-ErrorType"]) == (424, "ModelError")
    assert json.loads(body)["OriginalStatusCode"] == 400
    assert json.loads(body)["OriginalMessage"] == "no rows"


def test_the_target_variant_is_a_header(bench: Bench) -> None:
    bench.config("both", often=1, seldom=0)
    bench.call("CreateEndpoint", EndpointName="live", EndpointConfigName="both")
    bench.settled()
    for target in ("often", "seldom"):
        headers = {"x-amzn-sagemaker-target-variant": target}
        _, sent, _ = send(bench, "/endpoints/live/invocations", headers, b"")
        assert sent["x-Amzn-Invoked-Production-Variant"] == target
