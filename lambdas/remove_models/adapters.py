"""SageMaker's resources of one stage, found by the prefix of their names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_stepfunctions import SFNClient


class StageModels:
    """Models, endpoint configurations, endpoints and training jobs whose names begin with the stage's prefix.

    Args:
        sagemaker: SageMaker client.
        stepfunctions: Step Functions client.
        logs: CloudWatch Logs client.
        prefix: Such as `cutwatch-dev-models-`.
    """

    def __init__(
        self, sagemaker: SageMakerClient, stepfunctions: SFNClient, logs: CloudWatchLogsClient, *, prefix: str
    ) -> None:
        self._sagemaker: Any = sagemaker
        self._stepfunctions = stepfunctions
        self._logs = logs
        self._prefix = prefix

    def stop_executions(self, state_machine_arn: str) -> int:
        """Stop running executions of the state machine; returns how many."""
        pages = self._stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=state_machine_arn, statusFilter="RUNNING"
        )
        running = [execution["executionArn"] for page in pages for execution in page["executions"]]
        for arn in running:
            self._stepfunctions.stop_execution(executionArn=arn, cause="its stack is being deleted")
        return len(running)

    def stop_training_jobs(self) -> int:
        """Stop training jobs in progress; returns how many."""
        return sum(
            self._try(self._sagemaker.stop_training_job, TrainingJobName=job["TrainingJobName"])
            for job in self._list("list_training_jobs", "TrainingJobSummaries", StatusEquals="InProgress")
            if job["TrainingJobName"].startswith(self._prefix)
        )

    def endpoints(self) -> dict[str, str]:
        """Return the endpoints and the status of each."""
        found = self._list("list_endpoints", "Endpoints")
        return {
            one["EndpointName"]: one["EndpointStatus"] for one in found if one["EndpointName"].startswith(self._prefix)
        }

    def configurations(self) -> list[str]:
        """Return the endpoint configurations."""
        found = self._list("list_endpoint_configs", "EndpointConfigs")
        return [one["EndpointConfigName"] for one in found if one["EndpointConfigName"].startswith(self._prefix)]

    def models(self) -> list[str]:
        """Return the models."""
        found = self._list("list_models", "Models")
        return [one["ModelName"] for one in found if one["ModelName"].startswith(self._prefix)]

    def used_configurations(self) -> set[str]:
        """Return the configurations that endpoints serve from."""
        return {self._sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"] for name in self.endpoints()}

    def models_of(self, configuration: str) -> set[str]:
        """Return the models that a configuration names."""
        described = self._sagemaker.describe_endpoint_config(EndpointConfigName=configuration)
        return {variant["ModelName"] for variant in described["ProductionVariants"]}

    def delete_endpoint(self, name: str) -> None:
        """Delete an endpoint and its log group."""
        self._try(self._sagemaker.delete_endpoint, EndpointName=name)
        self._try(self._logs.delete_log_group, logGroupName=f"/aws/sagemaker/Endpoints/{name}")

    def delete_configurations(self, names: Collection[str]) -> int:
        """Delete endpoint configurations."""
        return sum(self._try(self._sagemaker.delete_endpoint_config, EndpointConfigName=name) for name in names)

    def delete_models(self, names: Collection[str]) -> int:
        """Delete models."""
        return sum(self._try(self._sagemaker.delete_model, ModelName=name) for name in names)

    def _list(self, operation: str, key: str, **filters: str) -> Iterator[dict[str, Any]]:
        for page in self._sagemaker.get_paginator(operation).paginate(NameContains=self._prefix, **filters):
            yield from page[key]

    @staticmethod
    def _try(call: Callable[..., Any], **arguments: str) -> bool:
        """Make a call; what is gone already, or stopped meanwhile, is as good as done by us."""
        try:
            call(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in ("ValidationException", "ResourceNotFound", "ResourceNotFoundException"):
                raise
            return False
        return True
