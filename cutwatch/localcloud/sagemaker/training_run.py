"""What a training job does: fetch the channels, run the algorithm's program, bring its model to S3."""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cutwatch.containers import TrainingFolder
from cutwatch.errors import CutwatchError
from cutwatch.localcloud.sagemaker.container_process import ContainerProcess, Host
from cutwatch.localcloud.sagemaker.images import Algorithm, algorithm_of, no_such_repository
from cutwatch.localcloud.sagemaker.logs import TRAINING_GROUP, OpenLog
from cutwatch.localcloud.sagemaker.resources import Clock
from cutwatch.localcloud.sagemaker.storage import Location, Storage, pack
from cutwatch.localcloud.sagemaker.training_jobs import TrainingJob

logger = logging.getLogger("cutwatch.sagemaker")

FAILURE_CHARACTERS = 1024
_LOOK_SECONDS = 0.1

StartProcess = Callable[[Host, Algorithm, str, Path, Callable[[str], None]], ContainerProcess]


class TrainingRuns:
    """Runs training jobs, each in a thread.

    Args:
        host: where containers run.
        storage: S3.
        open_log: of CloudWatch Logs.
        clock: the time.
        start_process: runs a container.
    """

    def __init__(
        self,
        host: Host,
        storage: Storage,
        open_log: OpenLog,
        clock: Clock,
        start_process: StartProcess = ContainerProcess,
    ) -> None:
        self._host = host
        self._storage = storage
        self._open_log = open_log
        self._clock = clock
        self._start_process = start_process

    def start(self, job: TrainingJob) -> None:
        """Start a job's run."""
        threading.Thread(target=self._run, args=(job,), name=f"training-{job.name}", daemon=True).start()

    def _run(self, job: TrainingJob) -> None:
        folder = TrainingFolder(self._host.folder / "jobs" / job.arn.rpartition(":")[2].replace("/", "-"))
        try:
            end, reason = self._train(job, folder)
        except CutwatchError as error:
            end, reason = "Failed", f"ClientError: {error}"
        except Exception as error:
            logger.exception("training job %s", job.name)
            end, reason = "Failed", f"InternalServerError: {error}"
        finally:
            shutil.rmtree(folder.root, ignore_errors=True)
        job.move(end, self._clock(), reason[:FAILURE_CHARACTERS])

    def _train(self, job: TrainingJob, folder: TrainingFolder) -> tuple[str, str]:
        """Do it all. Returns the last secondary status, and why it failed."""
        image = job.request["AlgorithmSpecification"]["TrainingImage"]
        algorithm = algorithm_of(image)
        if algorithm is None:
            return "Failed", f"ClientError: {no_such_repository(image)}"
        if algorithm.missing:
            return "Failed", f"AlgorithmError: {algorithm.missing}"
        self._go_on(job, "Downloading")
        self._fetch(job, folder)
        self._go_on(job, "Training")
        stream = f"{job.name}/algo-1-{int(job.created)}"
        with contextlib.closing(self._open_log(TRAINING_GROUP, stream)) as log:
            end, code = self._execute(job, folder, algorithm, log.write)
        if end:
            return end, ""
        if code:
            return "Failed", _reason(folder, code)
        self._go_on(job, "Uploading")
        target = f"{job.request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{job.name}/output/model.tar.gz"
        self._storage.write(Location.of(target), pack(folder.model))
        job.artifacts = target
        return ("Stopped" if job.stop_asked.is_set() else "Completed"), ""

    def _go_on(self, job: TrainingJob, secondary_status: str) -> None:
        if not job.stop_asked.is_set():
            job.move(secondary_status, self._clock())

    def _fetch(self, job: TrainingJob, folder: TrainingFolder) -> None:
        channels = job.request.get("InputDataConfig") or []
        hyperparameters = job.request.get("HyperParameters") or {}
        folder.prepare(hyperparameters, {one["ChannelName"]: _channel_config(one) for one in channels})
        for channel in channels:
            location = Location.of(channel["DataSource"]["S3DataSource"]["S3Uri"])
            for key in self._storage.keys(location):
                path = folder.input_data / channel["ChannelName"] / _local_name(location.key, key)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(self._storage.read(Location(location.bucket, key)))

    def _execute(
        self, job: TrainingJob, folder: TrainingFolder, algorithm: Algorithm, on_line: Callable[[str], None]
    ) -> tuple[str, int]:
        """Run the program. Returns how it was ended from outside, if it was, and its exit code."""
        process = self._start_process(self._host, algorithm, "train", folder.root, on_line)
        deadline = time.monotonic() + job.max_runtime_seconds
        while True:
            try:
                return "", process.wait(_LOOK_SECONDS)
            except TimeoutError:
                pass
            if job.stop_asked.is_set() or time.monotonic() > deadline:
                process.end()
                return ("Stopped" if job.stop_asked.is_set() else "MaxRuntimeExceeded"), 0


def _channel_config(channel: Mapping[str, Any]) -> dict[str, str]:
    source = channel["DataSource"]["S3DataSource"]
    return {
        "ContentType": channel.get("ContentType") or "",
        "TrainingInputMode": channel.get("InputMode") or "File",
        "S3DistributionType": source.get("S3DataDistributionType") or "FullyReplicated",
        "RecordWrapperType": channel.get("RecordWrapperType") or "None",
    }


def _local_name(prefix: str, key: str) -> str:
    """Where an object lies in its channel: its key after the prefix's last folder."""
    parts = key[len(prefix.rpartition("/")[0]) :].lstrip("/").split("/")
    return "/".join(part for part in parts if part not in ("", ".", ".."))


def _reason(folder: TrainingFolder, code: int) -> str:
    """Why the program failed: what it wrote, in the service's form."""
    try:
        text = folder.failure_file.read_text()
    except OSError:
        text = ""
    if not text.startswith(("ClientError", "AlgorithmError")):
        text = f"AlgorithmError: {text}" if text else "AlgorithmError: "
    return f"{text}, exit code: {code}"
