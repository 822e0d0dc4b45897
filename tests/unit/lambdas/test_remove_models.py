"""What training made outside CloudFormation goes: only the unused after a training, everything with the stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.remove_models.adapters import StageModels
from lambdas.remove_models.logic import remove_all, remove_unused
from lambdas.shared.clock import Clock

PREFIX = "cutwatch-dev-models-"


@dataclass
class FakeSageMaker:
    """Names in lists, as the service keeps them; an endpoint that is busy settles after some looks."""

    endpoints: dict[str, tuple[str, str]]  # name -> status, configuration
    configurations: dict[str, str]  # name -> model
    models: list[str]
    jobs: dict[str, str] = field(default_factory=dict)
    busy_looks: int = 0

    def get_paginator(self, operation: str) -> Any:
        return _Pages(getattr(self, operation))

    def list_endpoints(self, **_: Any) -> dict[str, Any]:
        if self.busy_looks:
            self.busy_looks -= 1
        elif any(status == "Updating" for status, _ in self.endpoints.values()):
            self.endpoints = {name: ("InService", configuration) for name, (_, configuration) in self.endpoints.items()}
        found = [{"EndpointName": name, "EndpointStatus": status} for name, (status, _) in self.endpoints.items()]
        return {"Endpoints": found}

    def list_endpoint_configs(self, **_: Any) -> dict[str, Any]:
        return {"EndpointConfigs": [{"EndpointConfigName": name} for name in self.configurations]}

    def list_models(self, **_: Any) -> dict[str, Any]:
        return {"Models": [{"ModelName": name} for name in self.models]}

    def list_training_jobs(self, **_: Any) -> dict[str, Any]:
        return {"TrainingJobSummaries": [{"TrainingJobName": name} for name in self.jobs]}

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        return {"EndpointConfigName": self.endpoints[EndpointName][1]}

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> dict[str, Any]:  # noqa: N803
        return {"ProductionVariants": [{"ModelName": self.configurations[EndpointConfigName]}]}

    def stop_training_job(self, *, TrainingJobName: str) -> None:  # noqa: N803
        if self.jobs[TrainingJobName] == "done":
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "ended"}}, "StopTrainingJob")
        self.jobs[TrainingJobName] = "stopped"

    def delete_endpoint(self, *, EndpointName: str) -> None:  # noqa: N803
        assert self.endpoints[EndpointName][0] == "InService"
        del self.endpoints[EndpointName]

    def delete_endpoint_config(self, *, EndpointConfigName: str) -> None:  # noqa: N803
        del self.configurations[EndpointConfigName]

    def delete_model(self, *, ModelName: str) -> None:  # noqa: N803
        self.models.remove(ModelName)


@dataclass
class _Pages:
    call: Any

    def paginate(self, **arguments: Any) -> list[dict[str, Any]]:
        return [self.call(**arguments)]


class FakeLogs:
    def delete_log_group(self, *, logGroupName: str) -> None:  # noqa: N803
        raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "none"}}, "DeleteLogGroup")


@dataclass
class FakeStepFunctions:
    running: list[str]

    def get_paginator(self, operation: str) -> Any:
        return _Pages(lambda **_: {"executions": [{"executionArn": arn} for arn in self.running]})

    def stop_execution(self, *, executionArn: str, cause: str) -> None:  # noqa: N803
        self.running = [arn for arn in self.running if arn != executionArn]


def sagemaker(**changes: Any) -> FakeSageMaker:
    return FakeSageMaker(
        **{
            "endpoints": {f"{PREFIX}rcf": ("InService", f"{PREFIX}rcf-2"), "somebody-elses": ("InService", "theirs")},
            "configurations": {f"{PREFIX}rcf-1": f"{PREFIX}rcf-1", f"{PREFIX}rcf-2": f"{PREFIX}rcf-2", "theirs": "t"},
            "models": [f"{PREFIX}rcf-1", f"{PREFIX}rcf-2", "t"],
            **changes,
        }
    )


def stage(fake: FakeSageMaker, executions: FakeStepFunctions | None = None) -> StageModels:
    executions = executions or FakeStepFunctions([])
    return StageModels(fake, executions, FakeLogs(), prefix=PREFIX)  # type: ignore[arg-type]


def clock() -> Clock:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Clock(now_seconds=lambda: now[0], sleep=sleep)


def test_after_a_training_only_what_nobody_serves_goes() -> None:
    fake = sagemaker()
    assert remove_unused(stage(fake)) == {"configurations": 1, "models": 1}
    assert set(fake.configurations) == {f"{PREFIX}rcf-2", "theirs"}
    assert fake.models == [f"{PREFIX}rcf-2", "t"]


def test_with_the_stack_everything_of_the_stage_goes_and_nothing_else() -> None:
    fake = sagemaker(jobs={f"{PREFIX}rcf-3": "running", f"{PREFIX}deepar-3": "done"})
    executions = FakeStepFunctions(["one", "two"])
    counts = remove_all(stage(fake, executions), "machine", timeout_seconds=100, clock=clock())
    assert counts == {"executions": 2, "training_jobs": 1, "endpoints": 1, "configurations": 2, "models": 2}
    assert executions.running == []
    assert set(fake.endpoints) == {"somebody-elses"}
    assert fake.models == ["t"]


def test_an_endpoint_in_the_middle_of_an_update_is_waited_for() -> None:
    fake = sagemaker(endpoints={f"{PREFIX}rcf": ("Updating", f"{PREFIX}rcf-2")}, busy_looks=5)
    remove_all(stage(fake), "machine", timeout_seconds=100, clock=clock())
    assert fake.endpoints == {}


def test_an_endpoint_that_never_settles_is_an_error() -> None:
    fake = sagemaker(endpoints={f"{PREFIX}rcf": ("Updating", f"{PREFIX}rcf-2")}, busy_looks=10_000)
    with pytest.raises(TimeoutError, match="still there after 100 s"):
        remove_all(stage(fake), "machine", timeout_seconds=100, clock=clock())
