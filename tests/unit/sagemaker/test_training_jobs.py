"""Training jobs go through AWS's statuses and fail with AWS's reasons."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from tests.unit.sagemaker.conftest import Bench, job_request, waited
from tests.unit.sagemaker.fakes import RCF_IMAGE, WAIT_SECONDS, FakeTraining

ARN = "arn:aws:sagemaker:us-east-1:123456789012:training-job/job"


def test_a_job_goes_its_way(bench: Bench) -> None:
    assert bench.train() == {"TrainingJobArn": ARN}
    job = bench.finished()
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Completed", "Completed")
    moves = job["SecondaryStatusTransitions"]
    assert [move["Status"] for move in moves] == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert [move["EndTime"] for move in moves[:-1]] == [move["StartTime"] for move in moves[1:]]
    assert job["CreationTime"] < job["TrainingStartTime"] < job["TrainingEndTime"] == job["LastModifiedTime"]
    assert job["TrainingTimeInSeconds"] == job["BillableTimeInSeconds"] == 2
    assert job["HyperParameters"] == {"feature_dim": "2"}
    assert "FailureReason" not in job


def test_the_model_lies_where_aws_puts_it(bench: Bench) -> None:
    bench.train()
    address = bench.finished()["ModelArtifacts"]["S3ModelArtifacts"]
    assert address == "s3://data/out/job/output/model.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(bench.storage.objects[address])) as archive:
        assert archive.getnames() == ["weights"]


def test_the_container_gets_the_channels_and_the_settings(bench: Bench) -> None:
    bench.storage.put("s3://data/train/deeper/more.csv", b"3,4\n")
    bench.train()
    bench.finished()
    files = bench.training.files
    assert files["input/data/train/part.csv"] == b"1,2\n"
    assert files["input/data/train/deeper/more.csv"] == b"3,4\n"
    assert json.loads(files["input/config/hyperparameters.json"]) == {"feature_dim": "2"}
    config = json.loads(files["input/config/inputdataconfig.json"])["train"]
    assert (config["ContentType"], config["S3DistributionType"]) == ("text/csv;label_size=0", "ShardedByS3Key")


def test_its_lines_reach_the_log(bench: Bench) -> None:
    bench.train()
    bench.finished()
    ((group, stream),) = bench.logs.lines
    assert group == "/aws/sagemaker/TrainingJobs"
    assert stream.startswith("job/algo-1-")
    assert bench.logs.lines[group, stream] == ["train randomcutforest"]
    assert (group, stream) in bench.logs.closed


def test_nothing_of_a_job_stays_on_the_disk(bench: Bench) -> None:
    bench.train()
    bench.finished()
    assert bench.training.folder is not None
    assert not bench.training.folder.root.exists()


@pytest.mark.parametrize(
    ("training", "reason"),
    [
        (
            FakeTraining(failure="ClientError: feature_dim is missing", code=2),
            "ClientError: feature_dim is missing, exit code: 2",
        ),
        (FakeTraining(failure="AlgorithmError: KeyError", code=1), "AlgorithmError: KeyError, exit code: 1"),
        (FakeTraining(failure="out of memory", code=137), "AlgorithmError: out of memory, exit code: 137"),
        (FakeTraining(code=139), "AlgorithmError: , exit code: 139"),
    ],
)
def test_a_container_fails(bench: Bench, training: FakeTraining, reason: str) -> None:
    bench.training = training
    bench.train()
    job = bench.finished()
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"] == reason
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == ""


def test_an_image_that_is_not_there(bench: Bench) -> None:
    image = RCF_IMAGE.replace("randomcutforest", "xgboost")
    bench.train(AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File"})
    assert bench.finished()["FailureReason"].startswith("ClientError: Cannot find repository: xgboost")


def test_an_output_bucket_that_is_not_there(bench: Bench) -> None:
    bench.train(OutputDataConfig={"S3OutputPath": "s3://no-such-bucket/out"})
    assert bench.finished()["FailureReason"].startswith("ClientError: s3://no-such-bucket/out/job")


def test_a_job_is_stopped(bench: Bench) -> None:
    bench.training.may_end.clear()
    bench.train()
    assert bench.training.started.wait(WAIT_SECONDS)
    bench.call("StopTrainingJob", TrainingJobName="job")
    assert bench.call("DescribeTrainingJob", TrainingJobName="job")["TrainingJobStatus"] in ("Stopping", "Stopped")
    job = bench.finished()
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert bench.training.ended
    assert "in status Stopped" in str(bench.refusal("StopTrainingJob", TrainingJobName="job"))


def test_a_job_runs_out_of_time(bench: Bench) -> None:
    bench.training.may_end.clear()
    bench.train(StoppingCondition={"MaxRuntimeInSeconds": 1})
    job = bench.finished()
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert bench.training.ended


def test_a_name_is_taken(bench: Bench) -> None:
    bench.train()
    bench.finished()
    refused = bench.refusal("CreateTrainingJob", **job_request("job"))
    assert refused.code == "ResourceInUse"
    assert ARN in str(refused)


def test_no_data(bench: Bench) -> None:
    refused = bench.refusal("CreateTrainingJob", **job_request("job"))
    assert refused.code == "ValidationException"
    assert str(refused).startswith('No S3 objects found under S3 URL "s3://data/train/" given in input data source.')


def test_an_unknown_job(bench: Bench) -> None:
    for action in ("DescribeTrainingJob", "StopTrainingJob"):
        refused = bench.refusal(action, TrainingJobName="nobody")
        assert (refused.code, str(refused)) == ("ValidationException", "Requested resource not found.")


def test_jobs_are_listed(bench: Bench) -> None:
    bench.training = FakeTraining(code=1)
    bench.train("broken")
    bench.finished("broken")
    bench.training = FakeTraining()
    bench.train("good")
    bench.finished("good")
    listed = bench.call("ListTrainingJobs", StatusEquals="Failed")["TrainingJobSummaries"]
    assert [one["TrainingJobName"] for one in listed] == ["broken"]
    assert set(listed[0]) >= {"TrainingJobArn", "CreationTime", "TrainingEndTime", "TrainingJobStatus"}
    running = waited(lambda: bench.call("ListTrainingJobs"), bool)["TrainingJobSummaries"]
    assert [one["TrainingJobName"] for one in running] == ["good", "broken"]
