"""The HTTP half of a serving container: `GET /ping`, `POST /invocations`, on a free port of the loopback.

Source: "Use Your Own Inference Code with Hosting Services" in the Amazon SageMaker AI developer guide. A container
there listens on port 8080; here each says on its output which port it got.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cutwatch.errors import CutwatchError

logger = logging.getLogger("cutwatch.containers")

HOST = "127.0.0.1"
_ALIVE_SECONDS = 600


@dataclass(frozen=True)
class Request:
    """One invocation: its body, and the two headers that say in which formats."""

    body: bytes
    content_type: str
    accept: str


@dataclass(frozen=True)
class Response:
    """What an invocation gives."""

    body: bytes
    content_type: str
    status: int = 200


class RequestError(CutwatchError):
    """Raised when a request cannot be answered: whoever sent it must act.

    Args:
        status: of HTTP: 400, 406 or 415.
        message: why, in one sentence.
    """

    exit_code = 3

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def make_server(answer: Callable[[Request], Response]) -> ThreadingHTTPServer:
    """Give a server that is bound and not yet serving. Requests are answered one at a time, whoever sends them."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _ALIVE_SECONDS
        disable_nagle_algorithm = True  # else head and body, written apart, wait 40 ms for one another
        wbufsize = -1

        def do_GET(self) -> None:
            self._send(Response(b"\n", "text/plain", 200 if self.path == "/ping" else 404))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path != "/invocations":
                self._send(Response(b"\n", "text/plain", 404))
                return
            request = Request(body, self.headers.get("Content-Type") or "", self.headers.get("Accept") or "")
            with lock:
                response = _answered(answer, request)
            self._send(response)

        def _send(self, response: Response) -> None:
            self.send_response(response.status)
            self.send_header("Content-Type", response.content_type)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Stay silent: the platform sees every request anyway."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    return server


def announcement(port: int) -> str:
    """The line by which a container says that it serves; `announced_port` reads it."""
    return json.dumps({"event": "serving", "port": port})


def announced_port(line: str) -> int | None:
    """The port in a container's announcement, None where the line is something else."""
    try:
        data = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return None
    return int(data["port"]) if isinstance(data, dict) and data.get("event") == "serving" else None


def _answered(answer: Callable[[Request], Response], request: Request) -> Response:
    try:
        return answer(request)
    except RequestError as error:
        return Response(str(error).encode(), "text/plain", error.status)
    except CutwatchError as error:
        return Response(str(error).encode(), "text/plain", 400)
    except Exception:
        logger.exception("an invocation failed")
        return Response(b"internal server error: see the endpoint's log", "text/plain", 500)
