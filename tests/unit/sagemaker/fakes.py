"""Stand-ins for what SageMaker works with: S3, containers, logs, the clock. No process, no socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cutwatch.containers import Request, Response, TrainingFolder
from cutwatch.errors import OperatorError
from cutwatch.localcloud.sagemaker.container_process import Host
from cutwatch.localcloud.sagemaker.images import Algorithm
from cutwatch.localcloud.sagemaker.resources import Place
from cutwatch.localcloud.sagemaker.storage import Location, Storage

PLACE = Place("123456789012", "us-east-1")
ROLE = "arn:aws:iam::123456789012:role/Training"
RCF_IMAGE = "382416733822.dkr.ecr.us-east-1.amazonaws.com/randomcutforest:1"
WAIT_SECONDS = 10.0


class MemoryStorage(Storage):
    """S3 in a dictionary."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = {uri.replace("__", "/"): data for uri, data in objects.items()}

    def put(self, uri: str, data: bytes = b"1,2\n") -> None:
        self.objects[uri] = data

    def keys(self, location: Location) -> list[str]:
        prefix = f"s3://{location.bucket}/"
        return sorted(uri[len(prefix) :] for uri in self.objects if uri.startswith(prefix + location.key))

    def read(self, location: Location) -> bytes:
        if str(location) not in self.objects:
            raise OperatorError(f"{location} cannot be read")
        return self.objects[str(location)]

    def write(self, location: Location, data: bytes) -> None:
        if location.bucket == "no-such-bucket":
            raise OperatorError(f"{location} cannot be written")
        self.objects[str(location)] = data


class Logs:
    """Log streams in a dictionary."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], list[str]] = {}
        self.closed: set[tuple[str, str]] = set()

    def __call__(self, group: str, stream: str) -> LogStream:
        self.lines[group, stream] = []
        return LogStream(self, (group, stream))


class LogStream:
    def __init__(self, logs: Logs, name: tuple[str, str]) -> None:
        self.logs, self.name = logs, name

    def write(self, line: str) -> None:
        self.logs.lines[self.name].append(line)

    def close(self) -> None:
        self.logs.closed.add(self.name)


class Ticking:
    """A clock on which a second passes with every look."""

    def __init__(self) -> None:
        self.now = 1_600_000_000.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


class FakeTraining:
    """A container that trains: writes a model, or a failure, and ends when it is let."""

    def __init__(self, *, failure: str = "", code: int = 0) -> None:
        self.failure, self.code = failure, code
        self.started, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()
        self.ended = False
        self.folder: TrainingFolder | None = None
        self.files: dict[str, bytes] = {}

    def __call__(
        self, host: Host, algorithm: Algorithm, verb: str, folder: Path, on_line: Callable[[str], None]
    ) -> Any:
        self.folder = TrainingFolder(folder)
        self.files = {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
        on_line(f"{verb} {algorithm.name}")
        self.started.set()
        return self

    def wait(self, timeout_seconds: float) -> int:
        if not self.may_end.wait(timeout_seconds):
            raise TimeoutError
        assert self.folder is not None
        if self.failure:
            self.folder.fail(self.failure)
        elif not self.code:
            (self.folder.model / "weights").write_text("trained")
        return self.code

    def end(self) -> None:
        self.ended = True


class FakeReplica:
    """A served model that answers with its own name, when it is let."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = threading.Semaphore(0)
        self.ended = False
        self.answer: Response | Exception = Response(name.encode(), "text/plain")

    def invoke(self, request: Request) -> Response:
        assert not self.ended, f"{self.name} was asked after its end"
        self.asked.release()
        assert self.may_answer.wait(WAIT_SECONDS)
        assert not self.ended, f"{self.name} ended while it was answering"
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def end(self) -> None:
        self.ended = True


class FakeHosting:
    """Serves models: by their data's address, at once or when it is let, or not at all."""

    def __init__(self) -> None:
        self.replicas: dict[str, FakeReplica] = {}
        self.broken: set[str] = set()
        self.may_serve = threading.Event()
        self.may_serve.set()

    def __call__(self, image: str, model_data: str, group: str, stream: str) -> FakeReplica:
        assert self.may_serve.wait(WAIT_SECONDS)
        if model_data in self.broken:
            raise OperatorError("did not pass the ping health check. Please check CloudWatch logs for this endpoint.")
        self.replicas[model_data] = FakeReplica(model_data)
        return self.replicas[model_data]
