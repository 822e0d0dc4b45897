"""What to do with the application at each request of CloudFormation, and when a start has succeeded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cutwatch.errors import OperatorError
from lambdas.shared.clock import Clock

# What each custom resource does at each request. After an update the stop finds a stopped application, or one that a
# failed update left running; only a fresh start leaves a fresh line in the log that proves the new package runs.
STEPS: dict[tuple[str, str], tuple[str, ...]] = {
    ("before_update", "Create"): (),
    ("before_update", "Update"): ("stop",),
    ("before_update", "Delete"): (),
    ("after_update", "Create"): ("start",),
    ("after_update", "Update"): ("stop", "start"),
    ("after_update", "Delete"): ("stop",),
}
POLL_SECONDS = 2.0
STARTED, FAILED = "job_started", "job_failed"


class Application(Protocol):
    """The calls that the logic needs of the service."""

    def status(self) -> str | None:
        """Return the application's status, None when it does not exist."""

    def start(self) -> None:
        """Ask for a start."""

    def stop(self, *, force: bool) -> None:
        """Ask for a stop; forced, without a snapshot."""

    def events_since(self, time_ms: int) -> Sequence[str]:
        """Return the lines of the application's log since a moment in milliseconds since 1970."""


def start(application: Application, *, timeout_seconds: float, clock: Clock) -> None:
    """Start the application and wait until its job says that it runs.

    RUNNING alone proves nothing: a Python application whose entry point failed can stay RUNNING without a job, so the
    job's own line in the log decides.

    Raises:
        OperatorError: The job reported a failure, or gave no sign of life in time.
    """
    began = clock.now_seconds()
    deadline = began + timeout_seconds
    if _settled_status(application, deadline, clock) != "RUNNING":
        application.start()
    while clock.now_seconds() < deadline:
        verdict = _verdict(application.events_since(int(began * 1000)))
        if verdict is not None and verdict.ok and application.status() == "RUNNING":
            return
        if verdict is not None and not verdict.ok:
            raise OperatorError(f"the analytics application failed to start: {verdict.message}")
        clock.sleep(POLL_SECONDS)
    raise OperatorError(
        f"the analytics application gave no sign of life in {timeout_seconds:.0f} s (status {application.status()}); "
        "see its log group, or raise analytics.start_timeout_seconds"
    )


def stop(application: Application, *, timeout_seconds: float, clock: Clock) -> None:
    """Stop the application, with a snapshot when it can take one, and wait until it is READY or gone."""
    deadline = clock.now_seconds() + timeout_seconds
    status = _settled_status(application, deadline, clock)
    if status == "RUNNING":
        application.stop(force=False)
        status = _settled_status(application, clock.now_seconds() + timeout_seconds / 2, clock)
    if status not in (None, "READY"):  # its job cannot take a snapshot: the stack must still go
        application.stop(force=True)
        status = _settled_status(application, deadline, clock)
    if status not in (None, "READY"):
        raise OperatorError(f"the analytics application did not stop in {timeout_seconds:.0f} s (status {status})")


@dataclass(frozen=True)
class _Verdict:
    ok: bool
    message: str


def _verdict(lines: Sequence[str]) -> _Verdict | None:
    """Find the job's last word about its own start."""
    for line in reversed(lines):
        record = _parse(line)
        if record.get("event") == STARTED:
            return _Verdict(ok=True, message="")
        if record.get("event") == FAILED:
            return _Verdict(ok=False, message=str(record.get("reason") or line))
    return None


def _parse(line: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        return {}
    if not isinstance(record, dict):
        return {}
    # Managed Flink wraps what a job prints into its own record, under "message".
    inner = record.get("message")
    return _parse(inner) if isinstance(inner, str) and "event" not in record else record


def _settled_status(application: Application, deadline: float, clock: Clock) -> str | None:
    """Wait out the states in which the service takes no request."""
    while True:
        status = application.status()
        if status is None or not status.endswith("ING") or status == "RUNNING" or clock.now_seconds() >= deadline:
            return status
        clock.sleep(POLL_SECONDS)
