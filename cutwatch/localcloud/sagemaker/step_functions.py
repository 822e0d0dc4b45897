"""SageMaker's tasks of Step Functions: the optimised integration, with `createTrainingJob.sync`.

Source: "Create and manage Amazon SageMaker AI jobs with Step Functions" in the AWS Step Functions developer guide.
The integrations of the AWS SDK (`aws-sdk:sagemaker:describeEndpoint`) are MiniStack's; they are told of the service.
"""

from __future__ import annotations

import contextvars
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cutwatch.localcloud.sagemaker.errors import ApiError
from cutwatch.localcloud.sagemaker.resources import Place
from cutwatch.localcloud.sagemaker.service import SageMaker
from cutwatch.localcloud.sagemaker.training_jobs import TrainingJob, TrainingJobs

PREFIX = "arn:aws:states:::sagemaker:"
ACTIONS = ("createTrainingJob", "createModel", "createEndpointConfig", "createEndpoint", "updateEndpoint")

_LOOK_SECONDS = 0.2
_MODELLED = {"ResourceInUse": "ResourceInUseException", "ResourceLimitExceeded": "ResourceLimitExceededException",
             "ResourceNotFound": "ResourceNotFoundException"}  # fmt: skip

SDK_ERROR_CODES = _MODELLED | {"ValidationException": "SageMakerException"}
"""How an integration of the AWS SDK names the API's errors: those without a class of their own are the service's."""


@dataclass(frozen=True)
class RunningTask:
    """The task that a thread carries out: its state's definition and its execution, both MiniStack's."""

    state: Mapping[str, Any]
    execution: Mapping[str, Any]

    @property
    def aborted(self) -> bool:
        """Whether the execution was stopped meanwhile."""
        return bool(self.execution["status"] != "RUNNING")


RUNNING_TASK: contextvars.ContextVar[RunningTask | None] = contextvars.ContextVar("sagemaker_task", default=None)


class SageMakerTasks:
    """Carries out tasks.

    Args:
        service: SageMaker.
        error: makes MiniStack's exception of an error's name and its cause.
        place: gives the account and the region of the execution that the calling thread carries out.
    """

    def __init__(self, service: SageMaker, error: Callable[[str, str], Exception], place: Callable[[], Place]) -> None:
        self._service = service
        self._error = error
        self._place = place

    def __call__(self, resource: str, request: Any) -> Any:
        """Carry out `arn:aws:states:::sagemaker:createTrainingJob.sync` and the like."""
        name, _, pattern = resource.removeprefix(PREFIX).partition(".")
        if name not in ACTIONS or pattern not in ("", "sync") or (pattern and name != "createTrainingJob"):
            raise self._error("States.Runtime", f"The resource provided {resource} is not recognized.")
        place = self._place()
        try:
            result = self._service.call(name[0].upper() + name[1:], request, place)
        except ApiError as error:
            cause = f"{error} (Service: AmazonSageMaker; Status Code: {error.status}; Error Code: {error.code})"
            raise self._error(f"SageMaker.{_MODELLED.get(error.code, 'AmazonSageMakerException')}", cause) from error
        if not pattern:
            return result
        return self._result(
            self._await(place, TrainingJobs.find(self._service.estates.at(place), request["TrainingJobName"]))
        )

    def _await(self, place: Place, job: TrainingJob) -> TrainingJob:
        """Wait for a job's end. As on AWS, it is stopped when the execution is, or when the state's time is up."""
        task = RUNNING_TASK.get()
        limit = task.state.get("TimeoutSeconds") if task else None
        deadline = time.monotonic() + limit if isinstance(limit, int | float) else float("inf")
        while not job.finished.wait(_LOOK_SECONDS):
            if (task is not None and task.aborted) or time.monotonic() > deadline:
                self._stop(place, job)
        return job

    def _stop(self, place: Place, job: TrainingJob) -> None:
        if job.status == "InProgress":
            self._service.call("StopTrainingJob", {"TrainingJobName": job.name}, place)

    def _result(self, job: TrainingJob) -> dict[str, Any]:
        described: dict[str, Any] = _in_milliseconds(job.describe())
        if job.status != "Completed":
            raise self._error("States.TaskFailed", json.dumps(described))
        return described


def remembering_task(execute_task: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap MiniStack's function for a Task state, so that a task can tell which execution it belongs to."""

    def execute(state_def: Mapping[str, Any], raw_input: Any, execution: Mapping[str, Any], ctx: Any) -> Any:
        token = RUNNING_TASK.set(RunningTask(state_def, execution))
        try:
            return execute_task(state_def, raw_input, execution, ctx)
        finally:
            RUNNING_TASK.reset(token)

    return execute


def _in_milliseconds(value: Any, name: str = "") -> Any:
    """Give times as the optimised integration does: whole milliseconds since 1970."""
    if isinstance(value, Mapping):
        return {key: _in_milliseconds(member, key) for key, member in value.items()}
    if isinstance(value, list):
        return [_in_milliseconds(member) for member in value]
    if name.endswith("Time") and isinstance(value, int | float):
        return round(value * 1000)
    return value
