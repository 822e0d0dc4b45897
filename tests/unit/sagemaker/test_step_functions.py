"""The tasks of Step Functions: names of errors, waiting for a job, stopping it with its execution."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from cutwatch.localcloud.sagemaker.step_functions import PREFIX, SageMakerTasks, remembering_task
from tests.unit.sagemaker.conftest import Bench, job_request
from tests.unit.sagemaker.fakes import PLACE, WAIT_SECONDS, FakeTraining


class ExecutionFailed(Exception):  # noqa: N818 - MiniStack's own has no better name
    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error)
        self.error, self.cause = error, cause


def tasks(bench: Bench) -> SageMakerTasks:
    bench.storage.put("s3://data/train/part.csv")
    return SageMakerTasks(bench.service, ExecutionFailed, lambda: PLACE)


def failure(bench: Bench, name: str, request: Any) -> ExecutionFailed:
    with pytest.raises(ExecutionFailed) as failed:
        tasks(bench)(PREFIX + name, request)
    return failed.value


def test_sync_waits_for_the_job_and_gives_what_describes_it(bench: Bench) -> None:
    result = tasks(bench)(PREFIX + "createTrainingJob.sync", job_request("job"))
    assert result["TrainingJobStatus"] == "Completed"
    assert result["ModelArtifacts"]["S3ModelArtifacts"] == "s3://data/out/job/output/model.tar.gz"
    assert result["CreationTime"] == 1_600_000_001_000  # milliseconds
    assert result["TrainingTimeInSeconds"] == 2
    assert result["SecondaryStatusTransitions"][0]["StartTime"] == 1_600_000_001_000


def test_without_sync_it_does_not_wait(bench: Bench) -> None:
    bench.training.may_end.clear()
    result = tasks(bench)(PREFIX + "createTrainingJob", job_request("job"))
    assert result == {"TrainingJobArn": "arn:aws:sagemaker:us-east-1:123456789012:training-job/job"}
    bench.training.may_end.set()
    bench.finished()


def test_a_failed_job_fails_its_task_with_all_about_it(bench: Bench) -> None:
    bench.training = FakeTraining(failure="ClientError: no", code=2)
    failed = failure(bench, "createTrainingJob.sync", job_request("job"))
    assert failed.error == "States.TaskFailed"
    assert json.loads(failed.cause)["FailureReason"] == "ClientError: no, exit code: 2"


def test_errors_have_the_integration_s_names(bench: Bench) -> None:
    failed = failure(bench, "createEndpoint", {"EndpointName": "live", "EndpointConfigName": "nobody"})
    assert failed.error == "SageMaker.AmazonSageMakerException"
    assert "Could not find endpoint configuration" in failed.cause
    assert "Error Code: ValidationException" in failed.cause
    bench.train()
    bench.finished()
    assert failure(bench, "createTrainingJob", job_request("job")).error == "SageMaker.ResourceInUseException"


@pytest.mark.parametrize("name", ["deleteEndpoint", "createEndpoint.sync", "createTrainingJob.waitForTaskToken"])
def test_what_the_integration_does_not_have(bench: Bench, name: str) -> None:
    failed = failure(bench, name, {})
    assert failed.error == "States.Runtime"
    assert "is not recognized" in failed.cause


def run_as_state(bench: Bench, state: dict[str, Any], execution: dict[str, Any]) -> dict[str, Any]:
    """Carry out the task as MiniStack does: inside its function for Task states. Returns how it failed."""
    failed: dict[str, Any] = {}
    carry_out = tasks(bench)

    def execute(state_def: Any, raw_input: Any, execution: Any, ctx: Any) -> None:
        try:
            carry_out(PREFIX + "createTrainingJob.sync", raw_input)
        except ExecutionFailed as error:
            failed.update(error=error.error, cause=json.loads(error.cause))

    remembering_task(execute)(state, job_request("job"), execution, {})
    return failed


def test_an_aborted_execution_stops_its_job(bench: Bench) -> None:
    bench.training.may_end.clear()
    execution = {"status": "RUNNING"}

    def abort() -> None:
        assert bench.training.started.wait(WAIT_SECONDS)
        execution["status"] = "ABORTED"

    aborting = threading.Thread(target=abort)
    aborting.start()
    failed = run_as_state(bench, {}, execution)
    aborting.join()
    assert failed["error"] == "States.TaskFailed"
    assert failed["cause"]["TrainingJobStatus"] == "Stopped"
    assert bench.training.ended


def test_a_state_out_of_time_stops_its_job(bench: Bench) -> None:
    bench.training.may_end.clear()
    failed = run_as_state(bench, {"TimeoutSeconds": 0.3}, {"status": "RUNNING"})
    assert failed["cause"]["TrainingJobStatus"] == "Stopped"
