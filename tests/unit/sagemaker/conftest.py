"""A SageMaker over fakes, and shorthands for its requests."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cutwatch.localcloud.sagemaker.container_process import Host
from cutwatch.localcloud.sagemaker.errors import ApiError
from cutwatch.localcloud.sagemaker.service import SageMaker
from cutwatch.localcloud.sagemaker.training_run import TrainingRuns
from tests.unit.sagemaker.fakes import (
    PLACE,
    RCF_IMAGE,
    ROLE,
    WAIT_SECONDS,
    FakeHosting,
    FakeTraining,
    Logs,
    MemoryStorage,
    Ticking,
)


class Bench:
    """The service and everything that it stands on."""

    def __init__(self, folder: Path) -> None:
        self.storage, self.logs, self.clock = MemoryStorage(), Logs(), Ticking()
        self.training, self.hosting = FakeTraining(), FakeHosting()
        runs = TrainingRuns(Host(folder, 1), self.storage, self.logs, self.clock, self._start)
        self.service = SageMaker(self.storage, self.hosting, runs.start, self.clock)

    def _start(self, *arguments: Any) -> Any:
        return self.training(*arguments)  # tests exchange it

    def call(self, action: str, **request: Any) -> dict[str, Any]:
        return self.service.call(action, request, PLACE)

    def refusal(self, action: str, **request: Any) -> ApiError:
        with pytest.raises(ApiError) as refused:
            self.call(action, **request)
        return refused.value

    def train(self, name: str = "job", **change: Any) -> dict[str, Any]:
        """Ask for a job over data that exist."""
        self.storage.put("s3://data/train/part.csv")
        return self.call("CreateTrainingJob", **{**job_request(name), **change})

    def finished(self, name: str = "job") -> dict[str, Any]:
        """Wait for a job's end."""
        job = self.service.estates.at(PLACE).training_jobs[name]
        assert job.finished.wait(WAIT_SECONDS)
        return self.call("DescribeTrainingJob", TrainingJobName=name)

    def model(self, name: str) -> str:
        """Make a model whose data exist. Returns their address."""
        data = f"s3://data/{name}/model.tar.gz"
        self.storage.put(data)
        self.call("CreateModel", ModelName=name, ExecutionRoleArn=ROLE,
                  PrimaryContainer={"Image": RCF_IMAGE, "ModelDataUrl": data})  # fmt: skip
        return data

    def config(self, name: str, **models: float) -> None:
        """Make models and a configuration with a variant for each, of the given weights."""
        models = models or {name: 1.0}
        for model in models:
            self.model(model)
        self.call("CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=[
            variant(model, InitialVariantWeight=weight) for model, weight in models.items()])  # fmt: skip

    def endpoint(self, name: str = "live", config: str = "first") -> dict[str, Any]:
        """Make an endpoint with all that it needs, and wait for it."""
        self.config(config)
        self.call("CreateEndpoint", EndpointName=name, EndpointConfigName=config)
        return self.settled(name)

    def settled(self, name: str = "live") -> dict[str, Any]:
        """Wait until an endpoint is neither made nor updated any more."""
        settled: dict[str, Any] = waited(
            lambda: self.call("DescribeEndpoint", EndpointName=name),
            lambda found: found["EndpointStatus"] not in ("Creating", "Updating"),
        )
        return settled


def waited(look: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if enough(found := look()):
            return found
        time.sleep(0.005)
    raise AssertionError("it took too long")


def variant(model: str, **change: Any) -> dict[str, Any]:
    return {
        "VariantName": model,
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
        **change,
    }


def job_request(name: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train/", "S3DataDistributionType": "ShardedByS3Key"}
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {"TrainingImage": RCF_IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {"feature_dim": "2"},
        "InputDataConfig": [
            {"ChannelName": "train", "ContentType": "text/csv;label_size=0", "DataSource": {"S3DataSource": source}}
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://data/out/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
