"""Training jobs: what the API says and checks about them. `training_run` is what they do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cutwatch.errors import CutwatchError
from cutwatch.localcloud.sagemaker.errors import ApiError, invalid
from cutwatch.localcloud.sagemaker.listing import list_page
from cutwatch.localcloud.sagemaker.request_model import answer_members
from cutwatch.localcloud.sagemaker.resources import Clock, Estate, tags_of
from cutwatch.localcloud.sagemaker.storage import Location, Storage

MESSAGES = {
    "Starting": "Starting the training job",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Uploading": "Uploading generated training model",
    "Stopping": "Stopping the training job",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
}
"""The words that AWS puts beside a secondary status."""

FINAL = {"Completed": "Completed", "Failed": "Failed", "Stopped": "Stopped", "MaxRuntimeExceeded": "Stopped"}
"""The job's status at each last secondary status."""

DEFAULT_RUNTIME_SECONDS = 86_400


@dataclass
class TrainingJob:
    """A training job and how far it is."""

    name: str
    arn: str
    created: float
    modified: float
    tags: dict[str, str]
    request: Mapping[str, Any]
    status: str = "InProgress"
    secondary_status: str = ""
    transitions: list[dict[str, Any]] = field(default_factory=list)
    failure: str = ""
    artifacts: str = ""
    training_started: float | None = None
    ended: float | None = None
    stop_asked: threading.Event = field(default_factory=threading.Event)
    finished: threading.Event = field(default_factory=threading.Event)

    def move(self, secondary_status: str, now: float, reason: str = "") -> None:
        """Go on to a secondary status, and to the status that goes with it."""
        if self.transitions:
            self.transitions[-1]["EndTime"] = now
        self.secondary_status = secondary_status
        message = reason or MESSAGES[secondary_status]
        self.transitions.append({"Status": secondary_status, "StartTime": now, "StatusMessage": message})
        self.modified = now
        if secondary_status == "Training":
            self.training_started = now
        if secondary_status == "Stopping":
            self.status = "Stopping"
        if secondary_status in FINAL:
            self.transitions[-1]["EndTime"] = self.ended = now
            self.failure = reason
            self.status = FINAL[secondary_status]
            self.finished.set()

    @property
    def max_runtime_seconds(self) -> int:
        """How long it may run."""
        condition = self.request.get("StoppingCondition") or {}
        return int(condition.get("MaxRuntimeInSeconds") or DEFAULT_RUNTIME_SECONDS)

    def describe(self) -> dict[str, Any]:
        """Answer DescribeTrainingJob."""
        told = answer_members("DescribeTrainingJob")
        answer = {key: value for key, value in self.request.items() if key in told}
        answer |= {
            "TrainingJobArn": self.arn,
            "TrainingJobStatus": self.status,
            "SecondaryStatus": self.secondary_status,
            "SecondaryStatusTransitions": [dict(one) for one in self.transitions],
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "ModelArtifacts": {"S3ModelArtifacts": self.artifacts},
        }
        if self.training_started is not None:
            answer["TrainingStartTime"] = self.training_started
        if self.ended is not None:
            seconds = round(self.ended - (self.training_started or self.ended))
            answer |= {
                "TrainingEndTime": self.ended,
                "TrainingTimeInSeconds": seconds,
                "BillableTimeInSeconds": seconds,
            }
        if self.failure:
            answer["FailureReason"] = self.failure
        return answer

    def summary(self) -> dict[str, Any]:
        """Its entry in ListTrainingJobs."""
        members = ("TrainingJobName", "TrainingJobArn", "CreationTime", "TrainingEndTime", "LastModifiedTime",
                   "TrainingJobStatus", "SecondaryStatus")  # fmt: skip
        described = self.describe()
        return {member: described[member] for member in members if member in described}


class TrainingJobs:
    """The actions on training jobs.

    Args:
        storage: S3.
        start: starts what a job does.
        clock: the time.
    """

    def __init__(self, storage: Storage, start: Callable[[TrainingJob], None], clock: Clock) -> None:
        self._storage = storage
        self._start = start
        self._clock = clock

    def create(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """CreateTrainingJob."""
        name = request["TrainingJobName"]
        arn = estate.place.arn("training-job", name)
        self._check(request)
        with estate.lock:
            if name in estate.training_jobs:
                raise ApiError("ResourceInUse", "Training job names must be unique within an AWS account and region, "
                               f"and a training job with this name already exists ({arn})")  # fmt: skip
            now = self._clock()
            job = TrainingJob(name, arn, now, now, tags_of(request), request)
            job.move("Starting", now)
            estate.training_jobs[name] = job
        self._start(job)
        return {"TrainingJobArn": arn}

    def describe(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeTrainingJob."""
        return self.find(estate, request["TrainingJobName"]).describe()

    def list(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """ListTrainingJobs."""
        return list_page(
            list(estate.training_jobs.values()),
            request,
            member="TrainingJobSummaries",
            summary=TrainingJob.summary,
            status=lambda job: job.status,
        )

    def stop(self, estate: Estate, request: Mapping[str, Any]) -> dict[str, Any]:
        """StopTrainingJob: answers at once, the job goes through Stopping to Stopped."""
        job = self.find(estate, request["TrainingJobName"])
        with estate.lock:
            if job.status != "InProgress":
                raise invalid("The request was rejected because the training job is in status "
                              f"{job.status}.")  # fmt: skip
            job.move("Stopping", self._clock())
        job.stop_asked.set()
        return {}

    @staticmethod
    def find(estate: Estate, name: str) -> TrainingJob:
        """The job of a name."""
        job: TrainingJob | None = estate.training_jobs.get(name)
        if job is None:
            raise invalid("Requested resource not found.")
        return job

    def _check(self, request: Mapping[str, Any]) -> None:
        algorithm = request.get("AlgorithmSpecification") or {}
        if not algorithm.get("TrainingImage"):
            raise invalid("AlgorithmSpecification.TrainingImage is missing: the local cloud knows algorithms by image.")
        if not (request.get("ResourceConfig") or {}).get("InstanceType"):
            raise invalid("ResourceConfig.InstanceType is missing.")
        for channel in request.get("InputDataConfig") or ():
            source = channel["DataSource"].get("S3DataSource")
            if source is None or source["S3DataType"] != "S3Prefix":
                raise invalid(
                    f"Channel {channel['ChannelName']}: the local cloud reads an S3DataSource of type S3Prefix."
                )
            uri = source["S3Uri"]
            try:
                keys = self._storage.keys(Location.of(uri))
            except CutwatchError as error:
                raise invalid(str(error)) from error
            if not keys:
                raise invalid(
                    f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the '
                    "bucket exists in the selected region, that objects exist under that S3 prefix, and that the role "
                    f'"{request["RoleArn"]}" has "s3:ListBucket" permissions on it.'
                )
