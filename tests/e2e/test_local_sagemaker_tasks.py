"""SageMaker's tasks in the local cloud's Step Functions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from cutwatch.localcloud import LocalCloud
from tests.e2e.sagemaker_region import (
    DEEPAR,
    DEEPAR_CHANNEL,
    DEEPAR_SETTINGS,
    RCF,
    ROLE,
    Region,
    job,
    needs_deepar,
    wait_until,
)

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as running:
        yield running


@pytest.fixture(scope="module")
def region(cloud: LocalCloud) -> Region:
    return Region(cloud)


def task(resource: str, parameters: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Parameters": parameters, **more}


def training_machine() -> dict[str, Any]:
    """Train, make a model, create or update the endpoint, and wait for it."""
    train = {key: value for key, value in job("").items() if key != "TrainingJobName"} | {"TrainingJobName.$": "$.name"}
    container = {"Image": RCF, "ModelDataUrl.$": "$.job.ModelArtifacts.S3ModelArtifacts"}
    variant = {
        "VariantName": "AllTraffic", "ModelName.$": "$.name", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
    }  # fmt: skip
    model = {"ModelName.$": "$.name", "ExecutionRoleArn": ROLE, "PrimaryContainer": container}
    config = {"EndpointConfigName.$": "$.name", "ProductionVariants": [variant]}
    endpoint = {"EndpointName": "machine", "EndpointConfigName.$": "$.name"}
    look = task("aws-sdk:sagemaker:describeEndpoint", {"EndpointName": "machine"}, ResultPath="$.endpoint")
    absent = {"ErrorEquals": ["SageMaker.SageMakerException"], "ResultPath": "$.absent", "Next": "Create"}
    in_service = {"Variable": "$.endpoint.EndpointStatus", "StringEquals": "InService"}
    fresh = {"Variable": "$.endpoint.EndpointConfigName", "StringEqualsPath": "$.name"}
    ready = {"And": [in_service, fresh], "Next": "Done"}
    return {
        "Train": task("sagemaker:createTrainingJob.sync", train, ResultPath="$.job", Next="Model"),
        "Model": task("sagemaker:createModel", model, ResultPath="$.model", Next="Config"),
        "Config": task("sagemaker:createEndpointConfig", config, ResultPath="$.config", Next="Look"),
        "Look": look | {"Catch": [absent], "Next": "Update"},
        "Create": task("sagemaker:createEndpoint", endpoint, ResultPath="$.made", Next="Wait"),
        "Update": task("sagemaker:updateEndpoint", endpoint, ResultPath="$.made", Next="Wait"),
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Look again"},
        "Look again": look | {"Next": "Ready?"},
        "Ready?": {"Type": "Choice", "Choices": [ready], "Default": "Wait"},
        "Done": {"Type": "Succeed"},
    }


def test_a_state_machine_trains_creates_and_updates(region: Region) -> None:
    states = training_machine()
    for number in (1, 2):
        name = f"machine-{number}"
        found = region.executed(region.execute(name, states, {"name": name}))
        assert found["status"] == "SUCCEEDED", found.get("cause")
        output = json.loads(found["output"])
        assert output["job"]["TrainingJobStatus"] == "Completed"
        assert output["endpoint"]["EndpointConfigName"] == name
    region.ask("machine", "100,300,200\n")


def test_a_failing_job_fails_its_state(region: Region) -> None:
    failing = job("from-machine", settings={"num_trees": "100"})
    caught = {"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Told"}
    states = {
        "Train": task("sagemaker:createTrainingJob.sync", failing, Catch=[caught], End=True),
        "Told": {"Type": "Pass", "Parameters": {"cause.$": "States.StringToJson($.error.Cause)"}, "End": True},
    }
    found = region.executed(region.execute("failing", states, {}))
    assert json.loads(found["output"])["cause"]["FailureReason"].startswith("ClientError: hyperparameter feature_dim")
    again = {"Train": task("sagemaker:createTrainingJob", failing, End=True)}
    assert region.executed(region.execute("again", again, {}))["error"] == "SageMaker.ResourceInUseException"


def test_branches_run_side_by_side(region: Region) -> None:
    states = {
        "Both": {"Type": "Parallel", "End": True, "Branches": [
            {"StartAt": name, "States": {name: task("sagemaker:createTrainingJob.sync", job(name), End=True,
                                                    ResultSelector={"status.$": "$.TrainingJobStatus"})}}
            for name in ("left", "right")
        ]},
    }  # fmt: skip
    found = region.executed(region.execute("both", states, {}))
    assert json.loads(found["output"]) == [{"status": "Completed"}, {"status": "Completed"}]


@needs_deepar
def test_an_aborted_execution_stops_its_job(region: Region) -> None:
    endless = job("aborted", DEEPAR, DEEPAR_SETTINGS | {"epochs": "100000000"}, [DEEPAR_CHANNEL])
    arn = region.execute("aborted", {"Train": task("sagemaker:createTrainingJob.sync", endless, End=True)}, {})
    wait_until(
        lambda: region.sagemaker.list_training_jobs(NameContains="aborted")["TrainingJobSummaries"],
        lambda jobs: bool(jobs) and jobs[0]["SecondaryStatus"] == "Training",
    )
    region.machines.stop_execution(executionArn=arn)
    assert region.trained("aborted")["TrainingJobStatus"] == "Stopped"
