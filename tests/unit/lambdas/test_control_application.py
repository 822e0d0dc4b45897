"""Start and stop of the application: the job's own word decides, and no stack hangs."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from aws_lambda_powertools import Logger

from cutwatch.errors import OperatorError
from lambdas.control_application.logic import start, stop
from lambdas.shared.clock import Clock
from lambdas.shared.custom_resource import answer


@dataclass
class FakeApplication:
    """An application that moves through scripted states, one at each look."""

    states: list[str | None]
    log: dict[int, str] = field(default_factory=dict)  # look number -> line that is there from then on
    calls: list[str] = field(default_factory=list)
    looks: int = 0

    def status(self) -> str | None:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def start(self) -> None:
        self.calls.append("start")

    def stop(self, *, force: bool) -> None:
        self.calls.append("stop by force" if force else "stop")

    def events_since(self, time_ms: int) -> Sequence[str]:
        self.looks += 1
        return [line for look, line in self.log.items() if look <= self.looks]


def make_clock() -> Clock:
    now = [1_000.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Clock(now_seconds=lambda: now[0], sleep=sleep)


STARTED = json.dumps({"event": "job_started", "level": "INFO"})
FAILED = json.dumps({"event": "job_failed", "reason": "clickstream.sql:3:1: no such stream"})


def test_a_start_waits_for_the_jobs_own_line() -> None:
    application = FakeApplication(["READY", "STARTING", "RUNNING"], log={3: STARTED})
    start(application, timeout_seconds=60, clock=make_clock())
    assert application.calls == ["start"]
    assert application.looks >= 3


def test_a_line_wrapped_by_the_service_is_understood() -> None:
    application = FakeApplication(["READY", "RUNNING"], log={1: json.dumps({"logger": "python", "message": STARTED})})
    start(application, timeout_seconds=60, clock=make_clock())


def test_running_without_a_sign_of_life_fails_the_deployment() -> None:
    application = FakeApplication(["READY", "STARTING", "RUNNING"], log={1: "not JSON", 2: "[1]"})
    with pytest.raises(OperatorError, match="no sign of life in 60 s"):
        start(application, timeout_seconds=60, clock=make_clock())


def test_a_job_that_failed_gives_its_reason() -> None:
    application = FakeApplication(["READY", "STARTING", "READY"], log={1: STARTED, 2: FAILED})
    application.looks = 1  # both lines are there at the first look: the last one counts
    with pytest.raises(OperatorError, match=r"clickstream\.sql:3:1: no such stream"):
        start(application, timeout_seconds=60, clock=make_clock())


def test_a_stop_leaves_a_snapshot_behind() -> None:
    application = FakeApplication(["STARTING", "RUNNING", "STOPPING", "READY"])
    stop(application, timeout_seconds=60, clock=make_clock())
    assert application.calls == ["stop"]


def test_a_stop_that_hangs_is_forced() -> None:
    application = FakeApplication(["RUNNING", *["STOPPING"] * 16, "FORCE_STOPPING", "READY"])
    stop(application, timeout_seconds=60, clock=make_clock())
    assert application.calls == ["stop", "stop by force"]


def test_an_application_that_is_gone_is_stopped() -> None:
    application = FakeApplication([None])
    stop(application, timeout_seconds=60, clock=make_clock())
    assert application.calls == []


def test_a_stop_that_never_ends_is_an_error() -> None:
    with pytest.raises(OperatorError, match="did not stop"):
        stop(FakeApplication(["RUNNING", "STOPPING"]), timeout_seconds=60, clock=make_clock())


EVENT = {
    "StackId": "stack",
    "RequestId": "request",
    "LogicalResourceId": "Running",
    "ResponseURL": "https://example.com/answer",
}


def answered(act: object) -> dict[str, str]:
    sent: list[urllib.request.Request] = []
    answer(EVENT, act, logger=Logger(service="test"), send=sent.append)  # type: ignore[arg-type]
    (request,) = sent
    assert request.get_method() == "PUT"
    assert isinstance(request.data, bytes)
    body: dict[str, str] = json.loads(request.data)
    return body


def test_success_is_answered_with_the_physical_id() -> None:
    body = answered(lambda: "application-running")
    assert body["Status"] == "SUCCESS"
    assert body["PhysicalResourceId"] == "application-running"
    assert body["RequestId"] == "request"


def test_any_failure_is_answered_with_its_reason() -> None:
    def fail() -> str:
        raise KeyError("surprise")

    body = answered(fail)
    assert body["Status"] == "FAILED"
    assert "surprise" in body["Reason"]


def test_a_long_reason_is_cut_to_what_cloudformation_takes() -> None:
    def fail() -> str:
        raise OperatorError("x" * 10_000)

    assert len(answered(fail)["Reason"]) == 1000
