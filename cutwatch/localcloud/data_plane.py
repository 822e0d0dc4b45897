"""Plug-in: analytics applications really run, each as a process, where MiniStack would start Flink in Docker.

It stands in for MiniStack's module `kinesisanalyticsv2_flink`; the control plane (statuses, snapshots as records) stays
MiniStack's. The state of a job is its own: it saves it in S3 and finds it again when it starts.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cutwatch.errors import CutwatchError, OperatorError
from cutwatch.localcloud import application_code, guard
from cutwatch.localcloud.application_code import CodeLocation
from cutwatch.localcloud.environment import REGION, cloud_environment
from cutwatch.localcloud.job import Job
from cutwatch.localcloud.job_logs import JobLogs, logging_option

logger = logging.getLogger("cutwatch.analytics")

Key = tuple[str, str, str]
StatusCallback = Callable[..., None]

ENGINE_VARIABLE = "CUTWATCH_ENGINE"
FLINK_PYTHON = Path(__file__).resolve().parents[2] / ".venv-flink" / "bin" / "python"

START_TIMEOUT_SECONDS = 120.0
STOP_TIMEOUT_SECONDS = 60.0
_MOST_RESTARTS = 5
_STEADY_SECONDS = 60.0  # a job that ran this long starts with a clean record of restarts


@dataclass
class Run:
    """One application from its start to its stop, over all its jobs."""

    application: Mapping[str, Any]
    on_status: StatusCallback
    logs: JobLogs
    folder: Path
    job: Job | None = None
    wanted: bool = True
    restarts: int = 0
    failure: str = ""
    born: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def source(self) -> str:
        """ARN of the stream that the application reads; empty where its properties name none."""
        return application_code.source_stream(self.application)


class DataPlane:
    """Runs the jobs of analytics applications.

    Args:
        folder: where applications are unpacked.
        endpoint_url: the cloud that they work in.
        client: gives a boto3 client of a service of that cloud.
        pid: process id of the server, whose end ends the jobs.
    """

    def __init__(self, folder: Path, endpoint_url: str, client: Callable[[str], Any], pid: int) -> None:
        self._folder = folder
        self._endpoint_url = endpoint_url
        self._client = client
        self._pid = pid
        self._runs: dict[Key, Run] = {}
        self._count = 0
        self._lock = threading.Lock()

    # ---- what MiniStack's control plane calls ----

    def supports(self, runtime: str) -> bool:
        """Say yes to every runtime: one that cannot run shall fail at its start, not pretend to be running."""
        return bool(runtime)

    def available(self) -> bool:
        """Always."""
        return True

    def start(
        self,
        app: Mapping[str, Any],
        savepoint_path: str | None,  # noqa: ARG002 - the job knows where its state is
        on_status: StatusCallback,
    ) -> None:
        """Start the application's job; `on_status` gets RUNNING once the job says so, or FAILED and the reason.

        The job finds its newest state by itself, which is what the path of a savepoint stands for here.
        """
        with self._lock:
            self._count += 1
            folder = self._folder / f"{app['ApplicationName']}-{self._count}"
            run = Run(app, on_status, JobLogs(self._client("logs"), logging_option(app)), folder)
            previous, self._runs[_key(app)] = self._runs.get(_key(app)), run
        if previous is not None:
            self._end(previous)
        threading.Thread(target=self._launch, args=(run,), name="job-launch", daemon=True).start()

    def stop(
        self,
        app: Mapping[str, Any],
        force: bool,  # noqa: FBT001 - MiniStack's signature
        take_snapshot: bool,  # noqa: ARG002, FBT001 - the job saves its state on every stop that is not forced
    ) -> str | None:
        """Stop the application's job, unless forced after it saved its state. Returns where the state is."""
        with self._lock:
            run = self._runs.pop(_key(app), None)
        if run is None:
            return None
        return self._end(run, graceful=not force)

    def snapshot(self, app: Mapping[str, Any], snapshot_name: str) -> str | None:
        """Refuse: a job saves its state by itself while it runs, and on a stop; there is one state, not several."""
        name = app["ApplicationName"]
        logger.warning("%s: no snapshot %s: stop the application to save its state", name, snapshot_name)
        return None

    def delete(self, app: Mapping[str, Any]) -> None:
        """End the job of an application that is deleted."""
        self.stop(app, True, False)  # noqa: FBT003

    def reset(self) -> None:
        """End all jobs."""
        with self._lock:
            runs, self._runs = list(self._runs.values()), {}
        for run in runs:
            self._end(run)

    # ---- what the status page asks ----

    def run(self, account: str, region: str, name: str) -> Run | None:
        """The run of an application, None where it was never started or is stopped."""
        return self._runs.get((account, region, name))

    # ---- how it is done ----

    def _launch(self, run: Run) -> None:
        try:
            place = CodeLocation.of(run.application)
            script = application_code.unpack(run.application, self._fetch(place), run.folder)
        except CutwatchError as error:
            self._fail(run, str(error))
            return
        if os.environ.get(ENGINE_VARIABLE) == "flink" and not FLINK_PYTHON.exists():
            self._fail(run, "engine flink needs the environment of the Flink job: make .venv-flink/.done")
            return
        self._spawn(run, script)
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while run.wanted and run.job and not run.job.started and not run.failure:
            if time.monotonic() > deadline:
                self._fail(run, f"the job did not start within {START_TIMEOUT_SECONDS:g} s")
                self._end(run)
                return
            time.sleep(0.1)

    def _fetch(self, place: CodeLocation) -> bytes:
        version = {"VersionId": place.version} if place.version else {}
        try:
            body = self._client("s3").get_object(Bucket=place.bucket, Key=place.key, **version)["Body"]
            data: bytes = body.read()
        except Exception as cause:
            where = f"s3://{place.bucket}/{place.key}"
            raise OperatorError(f"the application's code {where} cannot be read: {cause}") from cause
        return data

    def _spawn(self, run: Run, script: Path) -> None:
        code = run.folder / "code"
        engine = os.environ.get(ENGINE_VARIABLE) or "embedded"
        afresh = application_code.snapshots_skipped(run.application) and not run.restarts
        variables = cloud_environment(self._endpoint_url) | {
            "AWS_REGION": run.application.get("Region") or REGION,
            "CUTWATCH_APPLICATION_PROPERTIES": str(run.folder / "application_properties.json"),
            ENGINE_VARIABLE: engine,
            "CUTWATCH_FLINK_STATE": str(self._folder / "flink-state" / run.application["ApplicationName"]),
            "CUTWATCH_RESTORE": "none" if afresh else "latest",
            "PYTHONPATH": str(code),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        python = sys.executable if engine == "embedded" else str(FLINK_PYTHON)
        command = [python, "-P", guard.__file__, str(self._pid), str(script)]
        with run.lock:
            if not run.wanted:
                return
            run.born = time.monotonic()
            run.job = Job(
                command,
                folder=code,
                environment=variables,
                on_line=run.logs.write,
                on_started=lambda: run.on_status("RUNNING"),
                on_ended=lambda job: self._ended(run, job, script),
            )

    def _ended(self, run: Run, job: Job, script: Path) -> None:
        """Start a job again that crashed while running; one that fails before that has failed for good."""
        if not run.wanted or run.job is not job:
            return
        if not job.started and not run.restarts:
            self._fail(run, job.reason)
            return
        if time.monotonic() - run.born > _STEADY_SECONDS:
            run.restarts = 0
        run.restarts += 1
        if run.restarts > _MOST_RESTARTS:
            self._fail(run, f"given up after {_MOST_RESTARTS} restarts: {job.reason}")
            return
        logger.warning("%s: starting again: %s", run.application["ApplicationName"], job.reason)
        time.sleep(min(0.5 * 2.0**run.restarts, 10.0))
        self._spawn(run, script)

    def _fail(self, run: Run, reason: str) -> None:
        run.failure = reason
        logger.error("%s: %s", run.application["ApplicationName"], reason)
        if not (run.job and run.job.failure):  # else the job has said so itself
            run.logs.write(json.dumps({"level": "ERROR", "event": "job_failed", "reason": reason}))
        run.on_status("FAILED", reason)

    def _end(self, run: Run, *, graceful: bool = False) -> str | None:
        with run.lock:
            run.wanted = False
            job = run.job
        location = None
        if job is not None:
            if graceful and job.started:
                location = job.stop(timeout_seconds=STOP_TIMEOUT_SECONDS)
            else:
                job.kill()
        run.logs.close()
        shutil.rmtree(run.folder, ignore_errors=True)
        return location


def _key(app: Mapping[str, Any]) -> Key:
    return (app.get("AccountId", ""), app.get("Region", ""), app.get("ApplicationName", ""))
