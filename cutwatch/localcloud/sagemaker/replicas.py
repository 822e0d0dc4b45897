"""A served model: the container, and requests to it."""

from __future__ import annotations

import contextlib
import http.client
import queue
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from cutwatch.containers import Request, Response
from cutwatch.containers.server import HOST, announced_port
from cutwatch.errors import CutwatchError, OperatorError
from cutwatch.localcloud.sagemaker.container_process import ContainerProcess, Host
from cutwatch.localcloud.sagemaker.images import algorithm_of, no_such_repository
from cutwatch.localcloud.sagemaker.logs import OpenLog
from cutwatch.localcloud.sagemaker.storage import Location, Storage, unpack

READY_SECONDS = 120.0
INVOCATION_SECONDS = 60.0
"""The service's limit for an answer of a real-time endpoint."""


class Replica(Protocol):
    """A model that is served."""

    def invoke(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            TimeoutError: the answer takes too long.
            ConnectionError: the container does not answer at all.
        """

    def end(self) -> None:
        """Serve no more."""


Launch = Callable[[str, str, str, str], Replica]
"""Serves a model: of an image, model data, a log group and a log stream. A CutwatchError says why it cannot."""


class Containers:
    """Serves models in containers.

    Args:
        host: where containers run.
        storage: S3.
        open_log: of CloudWatch Logs.
    """

    def __init__(self, host: Host, storage: Storage, open_log: OpenLog) -> None:
        self._host = host
        self._storage = storage
        self._open_log = open_log
        self._count = 0
        self._lock = threading.Lock()

    def launch(self, image: str, model_data: str, group: str, stream: str) -> Replica:
        """Fetch the model data, start the container and wait until it serves.

        Raises:
            OperatorError: with AWS's words for why it does not.
        """
        algorithm = algorithm_of(image)
        if algorithm is None or algorithm.missing:
            raise OperatorError(algorithm.missing if algorithm else no_such_repository(image))
        with self._lock:
            self._count += 1
            folder = self._host.folder / "replicas" / str(self._count)
        try:
            unpack(self._storage.read(Location.of(model_data)), folder)
        except CutwatchError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise OperatorError(
                f'Failed to download model data for container "container_1" from URL: "{model_data}". Please ensure '
                "that there is an object located at the URL and that the role passed to CreateModel has permissions "
                f"to download the object. ({error})"
            ) from error
        port: queue.Queue[int | None] = queue.Queue()
        log = self._open_log(group, stream)

        def on_line(line: str) -> None:
            log.write(line)
            if (announced := announced_port(line)) is not None:
                port.put(announced)

        process = ContainerProcess(self._host, algorithm, "serve", folder, on_line)
        replica = ContainerReplica(process, folder, log.close)
        threading.Thread(target=_tell_end, args=(process, port), name="container-watch", daemon=True).start()
        try:
            replica.port = port.get(timeout=READY_SECONDS) or 0
        except queue.Empty:
            replica.port = 0
        if not replica.port:
            replica.end()
            raise OperatorError("did not pass the ping health check. Please check CloudWatch logs for this endpoint.")
        return replica


class ContainerReplica:
    """A model served by a container.

    Args:
        process: the container.
        folder: its files, removed with it.
        on_end: called when it has ended.
    """

    def __init__(self, process: ContainerProcess, folder: Path, on_end: Callable[[], None]) -> None:
        self.port = 0
        self._process = process
        self._folder = folder
        self._on_end = on_end
        self._idle: queue.SimpleQueue[http.client.HTTPConnection] = queue.SimpleQueue()

    def invoke(self, request: Request) -> Response:
        """Answer a request."""
        with contextlib.suppress(queue.Empty, ConnectionError):  # a kept connection may have ended meanwhile
            return self._ask(self._idle.get_nowait(), request)
        return self._ask(http.client.HTTPConnection(HOST, self.port, timeout=INVOCATION_SECONDS), request)

    def end(self) -> None:
        """End the container."""
        self._process.end()
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._on_end()

    def _ask(self, connection: http.client.HTTPConnection, request: Request) -> Response:
        headers = {"Content-Type": request.content_type, "Accept": request.accept}
        sent = {name: value for name, value in headers.items() if value}
        try:
            connection.request("POST", "/invocations", request.body, sent)
            answer = connection.getresponse()
            response = Response(answer.read(), answer.headers.get("Content-Type") or "", answer.status)
        except TimeoutError:
            connection.close()
            raise
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise ConnectionError(str(error)) from error
        self._idle.put(connection)
        return response


def _tell_end(process: ContainerProcess, port: queue.Queue[int | None]) -> None:
    process.wait()
    port.put(None)
