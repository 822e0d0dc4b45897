"""Clients of the local SageMaker, data to train on, and shorthands for what its tests do."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from cutwatch.localcloud import LocalCloud
from cutwatch.localcloud.sagemaker.images import ALGORITHMS

RCF, DEEPAR = (f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{algorithm.name}:1" for algorithm in ALGORITHMS)
ROLE = "arn:aws:iam::123456789012:role/Training"
BUCKET = "sagemaker-data"
RCF_SETTINGS = {"feature_dim": "3", "num_samples_per_tree": "512", "num_trees": "100"}
DEEPAR_SETTINGS = {
    "time_freq": "H", "context_length": "24", "prediction_length": "24", "epochs": "60", "num_layers": "1",
    "num_cells": "16", "mini_batch_size": "16", "learning_rate": "1E-2", "likelihood": "negative-binomial",
}  # fmt: skip

needs_deepar = pytest.mark.skipif(
    not ALGORITHMS[1].python.exists(), reason="DeepAR's environment is missing: make .venv-deepar/.done"
)


class Region:
    """The clients, and shorthands for what all tests do."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.s3, self.logs = cloud.client("s3"), cloud.client("logs")
        self.sagemaker, self.runtime = cloud.client("sagemaker"), cloud.client("sagemaker-runtime")
        self.machines = cloud.client("stepfunctions")
        self.s3.create_bucket(Bucket=BUCKET)
        self.put("rcf/train/part.csv", csv(rows()))
        self.put("deepar/train/part.json", json.dumps({"start": "2020-07-01 00:00:00", "target": hourly(14)}))
        for name in ("good", "better"):
            trees = RCF_SETTINGS | {"num_trees": "200" if name == "better" else "100"}
            self.sagemaker.create_training_job(**job(name, settings=trees))
            assert self.trained(name)["TrainingJobStatus"] == "Completed"

    def put(self, key: str, text: str | bytes) -> str:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode() if isinstance(text, str) else text)
        return f"s3://{BUCKET}/{key}"

    def trained(self, name: str) -> Any:
        return wait_until(
            lambda: self.sagemaker.describe_training_job(TrainingJobName=name),
            lambda job: job["TrainingJobStatus"] not in ("InProgress", "Stopping"),
        )

    def settled(self, name: str) -> Any:
        return wait_until(
            lambda: self.sagemaker.describe_endpoint(EndpointName=name),
            lambda found: found["EndpointStatus"] not in ("Creating", "Updating"),
        )

    def artifact(self, job_name: str) -> str:
        found = self.sagemaker.describe_training_job(TrainingJobName=job_name)
        address: str = found["ModelArtifacts"]["S3ModelArtifacts"]
        return address

    def configure(self, name: str, image: str, model_data: str) -> None:
        """Make a model and an endpoint configuration of one name."""
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": image, "ModelDataUrl": model_data}
        )
        variant = {
            "VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
        }  # fmt: skip
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])

    def serve(self, name: str, image: str, model_data: str) -> Any:
        self.configure(name, image, model_data)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        return self.settled(name)

    def ask(self, name: str, body: str, content_type: str = "text/csv", **more: str) -> Any:
        return self.runtime.invoke_endpoint(EndpointName=name, Body=body.encode(), ContentType=content_type, **more)

    def lines(self, group: str, prefix: str) -> list[str]:
        streams = self.logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix)["logStreams"]
        (stream,) = streams
        events = self.logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
        return [event["message"] for event in events]

    def execute(self, name: str, states: Mapping[str, Any], given: Mapping[str, Any]) -> str:
        definition = json.dumps({"StartAt": next(iter(states)), "States": states})
        machine = self.machines.create_state_machine(name=name, definition=definition, roleArn=ROLE)
        started = self.machines.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(given))
        arn: str = started["executionArn"]
        return arn

    def executed(self, arn: str) -> Any:
        return wait_until(
            lambda: self.machines.describe_execution(executionArn=arn), lambda found: found["status"] != "RUNNING"
        )


def wait_until(look: Callable[[], Any], enough: Callable[[Any], bool], seconds: float = 180) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if enough(found := look()):
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {look()}")


def rows() -> np.ndarray:
    users = np.random.default_rng(1).normal(100, 10, 1000).round()
    clicks = (users * 3 + np.random.default_rng(2).normal(0, 5, 1000)).round()
    return np.stack([users, clicks, clicks - users], axis=1)


def csv(table: np.ndarray) -> str:
    return "".join(",".join(f"{value:g}" for value in row) + "\n" for row in table)


def hourly(days: int) -> list[int]:
    mean = 60 + 40 * np.sin(2 * np.pi * np.arange(days * 24) / 24)
    drawn: list[int] = np.random.default_rng(0).negative_binomial(50, 50 / (50 + mean)).tolist()
    return drawn


def channel(
    uri: str, content_type: str = "", distribution: str = "FullyReplicated", name: str = "train"
) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": distribution}
    found: dict[str, Any] = {"ChannelName": name, "DataSource": {"S3DataSource": source}}
    return found | ({"ContentType": content_type} if content_type else {})


RCF_CHANNEL = channel(f"s3://{BUCKET}/rcf/train/", "text/csv;label_size=0", "ShardedByS3Key")
DEEPAR_CHANNEL = channel(f"s3://{BUCKET}/deepar/train/")


def job(
    name: str,
    image: str = RCF,
    settings: Mapping[str, str] = RCF_SETTINGS,
    channels: list[dict[str, Any]] | None = None,
    *,
    seconds: int = 600,
) -> dict[str, Any]:
    return {
        "TrainingJobName": name,
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "HyperParameters": dict(settings),
        "InputDataConfig": channels or [RCF_CHANNEL],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
    }
