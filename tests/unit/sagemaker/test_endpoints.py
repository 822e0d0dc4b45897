"""Endpoints: an update swaps models without failing a request, and falls back where the new model cannot be served."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cutwatch.containers import Request, Response
from cutwatch.localcloud.sagemaker.errors import ApiError
from cutwatch.localcloud.sagemaker.invocation import Answer, Invocation, invoke
from tests.unit.sagemaker.conftest import Bench, variant, waited
from tests.unit.sagemaker.fakes import PLACE, WAIT_SECONDS

ARN = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/live"


def ask(bench: Bench, body: bytes = b"1,2", target: str = "") -> Answer:
    return invoke(bench.service.estates.at(PLACE), Invocation("live", Request(body, "text/csv", ""), target))


def refusal(bench: Bench, body: bytes = b"1,2", target: str = "") -> ApiError:
    with pytest.raises(ApiError) as refused:
        ask(bench, body, target)
    return refused.value


def text(answer: Answer) -> str:
    return answer.response.body.decode()


def test_a_new_endpoint_serves(bench: Bench) -> None:
    found = bench.endpoint()
    assert (found["EndpointStatus"], found["EndpointConfigName"], found["EndpointArn"]) == ("InService", "first", ARN)
    (told,) = found["ProductionVariants"]
    assert told["VariantName"] == "first"
    assert (told["CurrentWeight"], told["DesiredWeight"]) == (1.0, 1.0)
    assert (told["CurrentInstanceCount"], told["DesiredInstanceCount"]) == (1, 1)
    assert ask(bench) == Answer("first", Response(b"s3://data/first/model.tar.gz", "text/plain"))


def test_it_is_creating_until_its_models_are_served(bench: Bench) -> None:
    bench.hosting.may_serve.clear()
    bench.config("first")
    bench.call("CreateEndpoint", EndpointName="live", EndpointConfigName="first")
    assert bench.call("DescribeEndpoint", EndpointName="live")["EndpointStatus"] == "Creating"
    assert refusal(bench).code == "ValidationError"
    bench.hosting.may_serve.set()
    assert bench.settled()["EndpointStatus"] == "InService"


def test_a_new_endpoint_fails_with_its_model(bench: Bench) -> None:
    bench.hosting.broken.add("s3://data/first/model.tar.gz")
    found = bench.endpoint()
    assert found["EndpointStatus"] == "Failed"
    assert found["FailureReason"] == ("The primary container for production variant first did not pass the ping health "
                                      "check. Please check CloudWatch logs for this endpoint.")  # fmt: skip
    assert refusal(bench).code == "ValidationError"
    assert "Cannot update failed endpoint" in str(
        bench.refusal("UpdateEndpoint", EndpointName="live", EndpointConfigName="first")
    )
    bench.call("DeleteEndpoint", EndpointName="live")
    waited(lambda: bench.call("ListEndpoints")["Endpoints"], lambda left: not left)


def test_the_old_model_answers_until_the_new_one_can(bench: Bench) -> None:
    bench.endpoint()
    bench.config("second")
    bench.hosting.may_serve.clear()
    bench.call("UpdateEndpoint", EndpointName="live", EndpointConfigName="second")
    found = bench.call("DescribeEndpoint", EndpointName="live")
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("Updating", "first")
    assert "first" in text(ask(bench))
    bench.hosting.may_serve.set()
    found = bench.settled()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "second")
    assert "second" in text(ask(bench))
    assert waited(lambda: bench.hosting.replicas["s3://data/first/model.tar.gz"].ended, bool)


def test_no_request_fails_while_models_are_swapped(bench: Bench) -> None:
    bench.endpoint()
    for number in range(20):
        bench.config(f"next-{number}")
    stop = threading.Event()
    answers: list[str] = []

    def keep_asking() -> None:
        while not stop.is_set():
            answers.append(text(ask(bench)))

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(keep_asking) for _ in range(4)]
        for number in range(20):
            bench.call("UpdateEndpoint", EndpointName="live", EndpointConfigName=f"next-{number}")
            assert bench.settled()["EndpointConfigName"] == f"next-{number}"
        waited(lambda: any("next-19" in answer for answer in answers), bool)
        stop.set()
        for one in asking:
            one.result(WAIT_SECONDS)
    assert len(set(answers)) > 2


def test_a_request_in_flight_is_answered_by_the_model_it_began_with(bench: Bench) -> None:
    bench.endpoint()
    old = bench.hosting.replicas["s3://data/first/model.tar.gz"]
    old.may_answer.clear()
    bench.config("second")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, bench)
        assert old.asked.acquire(timeout=WAIT_SECONDS)
        bench.call("UpdateEndpoint", EndpointName="live", EndpointConfigName="second")
        bench.settled()
        assert "second" in text(ask(bench))
        assert not old.ended
        old.may_answer.set()
        assert "first" in text(asked.result(WAIT_SECONDS))
    assert waited(lambda: old.ended, bool)


def test_a_bad_update_falls_back(bench: Bench) -> None:
    bench.endpoint()
    bench.hosting.broken.add("s3://data/second/model.tar.gz")
    bench.config("second")
    bench.call("UpdateEndpoint", EndpointName="live", EndpointConfigName="second")
    found = bench.settled()
    assert (found["EndpointStatus"], found["EndpointConfigName"]) == ("InService", "first")
    assert "production variant second did not pass the ping health check" in found["FailureReason"]
    assert "first" in text(ask(bench))
    bench.config("third")
    bench.call("UpdateEndpoint", EndpointName="live", EndpointConfigName="third")
    assert "FailureReason" not in bench.settled()


def test_of_several_variants_all_or_none_are_served(bench: Bench) -> None:
    bench.endpoint()
    bench.hosting.broken.add("s3://data/bad/model.tar.gz")
    bench.config("mixed", good=1, bad=1)
    bench.call("UpdateEndpoint", EndpointName="live", EndpointConfigName="mixed")
    bench.settled()
    assert bench.hosting.replicas["s3://data/good/model.tar.gz"].ended


def test_weights_share_the_requests(bench: Bench) -> None:
    bench.config("both", often=3, seldom=1)
    bench.call("CreateEndpoint", EndpointName="live", EndpointConfigName="both")
    bench.settled()
    names = [ask(bench).variant for _ in range(400)]
    assert 240 < names.count("often") < 360
    assert ask(bench, target="seldom").variant == "seldom"
    assert "Variant nobody not found" in str(refusal(bench, target="nobody"))


def test_a_deleted_endpoint_is_deleting_and_then_gone(bench: Bench) -> None:
    bench.endpoint()
    old = bench.hosting.replicas["s3://data/first/model.tar.gz"]
    old.may_answer.clear()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, bench)
        assert old.asked.acquire(timeout=WAIT_SECONDS)
        bench.call("DeleteEndpoint", EndpointName="live")
        assert bench.call("DescribeEndpoint", EndpointName="live")["EndpointStatus"] == "Deleting"
        assert refusal(bench).code == "ValidationError"
        assert "Cannot update in-progress endpoint" in str(bench.refusal("DeleteEndpoint", EndpointName="live"))
        old.may_answer.set()
        assert "first" in text(asked.result(WAIT_SECONDS))
    waited(lambda: bench.call("ListEndpoints")["Endpoints"], lambda left: not left)
    assert str(bench.refusal("DescribeEndpoint", EndpointName="live")) == f'Could not find endpoint "{ARN}".'
    assert str(refusal(bench)) == "Endpoint live of account 123456789012 not found."


def test_nothing_else_happens_to_an_endpoint_in_progress(bench: Bench) -> None:
    bench.hosting.may_serve.clear()
    bench.config("first")
    bench.call("CreateEndpoint", EndpointName="live", EndpointConfigName="first")
    for action in ("UpdateEndpoint", "DeleteEndpoint"):
        more = {"EndpointConfigName": "first"} if action == "UpdateEndpoint" else {}
        assert str(bench.refusal(action, EndpointName="live", **more)) == f'Cannot update in-progress endpoint "{ARN}".'
    bench.hosting.may_serve.set()
    bench.settled()


def test_names_that_clash_and_names_that_are_not_there(bench: Bench) -> None:
    bench.endpoint()
    create = {"EndpointName": "live", "EndpointConfigName": "first"}
    assert str(bench.refusal("CreateEndpoint", **create)) == f'Cannot create already existing endpoint "{ARN}".'
    for action in ("CreateEndpoint", "UpdateEndpoint"):
        name = "other" if action == "CreateEndpoint" else "live"
        refused = bench.refusal(action, EndpointName=name, EndpointConfigName="nobody")
        assert str(refused).startswith('Could not find endpoint configuration "arn:aws:sagemaker')
    assert "Could not find endpoint" in str(bench.refusal("DeleteEndpoint", EndpointName="nobody"))


def test_the_old_configuration_must_outlive_an_update(bench: Bench) -> None:
    bench.endpoint()
    bench.config("second")
    bench.call("DeleteEndpointConfig", EndpointConfigName="first")
    refused = bench.refusal("UpdateEndpoint", EndpointName="live", EndpointConfigName="second")
    assert "endpoint-config/first" in str(refused)
    assert "first" in text(ask(bench))


def test_a_serverless_variant_tells_its_settings_and_takes_less(bench: Bench) -> None:
    bench.model("small")
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    bench.call("CreateEndpointConfig", EndpointConfigName="small", ProductionVariants=[
        {"VariantName": "small", "ModelName": "small", "ServerlessConfig": serverless}])  # fmt: skip
    bench.call("CreateEndpoint", EndpointName="live", EndpointConfigName="small")
    (told,) = bench.settled()["ProductionVariants"]
    assert told["CurrentServerlessConfig"] == serverless
    refused = refusal(bench, b"1" * (4 * 1024 * 1024 + 1))
    assert (refused.code, refused.status) == ("ValidationError", 413)


def test_a_body_may_be_as_large_as_on_aws(bench: Bench) -> None:
    bench.endpoint()
    ask(bench, b"1" * 6_291_456)
    assert str(refusal(bench, b"1" * 6_291_457)) == "HTTP content length exceeded 6291456 bytes."


@pytest.mark.parametrize(
    ("answer", "code", "status", "said"),
    [
        (Response(b"no rows", "text/plain", 400), "ModelError", 424,
         'Received client error (400) from primary with message "no rows".'),
        (Response(b"oh", "text/plain", 500), "ModelError", 424,
         'Received server error (500) from primary with message "oh".'),
        (TimeoutError(), "ModelError", 424,
         "Your invocation timed out while waiting for a response from container primary."),
        (ConnectionError("gone"), "ServiceUnavailable", 503, "Endpoint live does not answer."),
    ],
)  # fmt: skip
def test_a_model_that_fails(bench: Bench, answer: Response | Exception, code: str, status: int, said: str) -> None:
    bench.endpoint()
    bench.hosting.replicas["s3://data/first/model.tar.gz"].answer = answer
    refused = refusal(bench)
    assert (refused.code, refused.status) == (code, status)
    assert said in str(refused)
    if code == "ModelError":
        assert refused.members["LogStreamArn"].endswith("log-group:/aws/sagemaker/Endpoints/live")
        assert refused.members["OriginalStatusCode"] == getattr(answer, "status", 0)


@pytest.mark.parametrize(
    ("variants", "said"),
    [
        ([variant("first"), variant("first")], "Variant names must be unique"),
        ([variant("nobody")], 'Could not find model "arn:aws:sagemaker:us-east-1:123456789012:model/nobody".'),
        ([{"VariantName": "first", "ModelName": "first"}], "must have either an InstanceType or a ServerlessConfig"),
        (
            [{"VariantName": "first", "ModelName": "first", "InstanceType": "ml.m5.large"}],
            "must have an InitialInstanceCount",
        ),
        ([variant("first", InstanceType="ml.huge")], "'productionVariants.1.member.instanceType' failed to satisfy"),
    ],
)
def test_refused_configurations(bench: Bench, variants: list[dict[str, object]], said: str) -> None:
    bench.model("first")
    refused = bench.refusal("CreateEndpointConfig", EndpointConfigName="config", ProductionVariants=variants)
    assert said in str(refused)
