"""The local cloud's SageMaker as the benches use it: train, serve, ask, and say how long each took."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutwatch.localcloud import LocalCloud

Floats = NDArray[np.float64]

ROLE = "arn:aws:iam::123456789012:role/Bench"
BUCKET = "bench-data"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
QUANTILES = ("0.01", "0.1", "0.5", "0.9", "0.99")


@dataclass(frozen=True)
class Served:
    """A trained and served model.

    Attributes:
        name: of the endpoint.
        training_seconds: from the job's creation to its end.
        serving_seconds: from the endpoint's creation to InService.
    """

    name: str
    training_seconds: float
    serving_seconds: float


class Region:
    """SageMaker and its data in a local cloud."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._s3, self._sagemaker = cloud.client("s3"), cloud.client("sagemaker")
        self._runtime = cloud.client("sagemaker-runtime")
        self._s3.create_bucket(Bucket=BUCKET)

    def serve(
        self, name: str, image: str, data: str, key: str, channel: Mapping[str, Any], settings: Mapping[str, str]
    ) -> Served:
        """Train a model on one file and serve it; the names of everything are `name`."""
        self._s3.put_object(Bucket=BUCKET, Key=f"{name}/{key}", Body=data.encode())
        source = {
            "S3DataType": "S3Prefix",
            "S3Uri": f"s3://{BUCKET}/{name}/",
            "S3DataDistributionType": channel.get("distribution", "FullyReplicated"),
        }
        train = {"ChannelName": "train", "DataSource": {"S3DataSource": source}}
        if "content_type" in channel:
            train["ContentType"] = channel["content_type"]
        self._sagemaker.create_training_job(
            TrainingJobName=name,
            AlgorithmSpecification={"TrainingImage": f"{REGISTRY}/{image}:1", "TrainingInputMode": "File"},
            RoleArn=ROLE,
            HyperParameters=dict(settings),
            InputDataConfig=[train],
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/models"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
            StoppingCondition={"MaxRuntimeInSeconds": 3600},
        )
        while (job := self._sagemaker.describe_training_job(TrainingJobName=name))["TrainingJobStatus"] == "InProgress":
            time.sleep(0.1)
        assert job["TrainingJobStatus"] == "Completed", job["FailureReason"]
        model = {"Image": f"{REGISTRY}/{image}:1", "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"]}
        self._sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=model)
        variant = {
            "VariantName": "AllTraffic", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1,
        }  # fmt: skip
        self._sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        started = time.monotonic()
        self._sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        while (found := self._sagemaker.describe_endpoint(EndpointName=name))["EndpointStatus"] == "Creating":
            time.sleep(0.02)
        assert found["EndpointStatus"] == "InService", found["FailureReason"]
        trained = (job["TrainingEndTime"] - job["CreationTime"]).total_seconds()
        return Served(name, trained, time.monotonic() - started)

    def score(self, served: Served, rows: Floats) -> Floats:
        """Scores of rows, shape (n,)."""
        body = "\n".join(",".join(f"{value:g}" for value in row) for row in rows)
        answer = self._runtime.invoke_endpoint(EndpointName=served.name, ContentType="text/csv", Body=body.encode())
        return np.array([one["score"] for one in json.load(answer["Body"])["scores"]])

    def forecast(self, served: Served, start: str, target: list[float | None]) -> dict[str, Floats]:
        """The band after a history, by quantile, each shape (prediction_length,)."""
        request = {
            "instances": [{"start": start, "target": target}],
            "configuration": {"num_samples": 100, "output_types": ["quantiles"], "quantiles": list(QUANTILES)},
        }
        answer = self._runtime.invoke_endpoint(
            EndpointName=served.name, ContentType="application/json", Body=json.dumps(request).encode()
        )
        quantiles = json.load(answer["Body"])["predictions"][0]["quantiles"]
        return {name: np.array(values) for name, values in quantiles.items()}

    def end(self, served: Served) -> None:
        """Serve it no more."""
        self._sagemaker.delete_endpoint(EndpointName=served.name)
