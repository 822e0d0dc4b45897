"""Starts and ends the local cloud from Python; the cloud itself is a process of its own (`serve`)."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import boto3

from cutwatch.errors import OperatorError
from cutwatch.localcloud.environment import HOST, REGION, cloud_environment, server_environment
from cutwatch.localcloud.status import Status, parse_status

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-localcloud" / "bin" / "python"
_LOG_TAIL_LINES = 15


class LocalCloud:
    """A local AWS for the time of a `with` block.

    Whatever ends the block (success, an exception, Ctrl-C), the server, its Lambda workers and the analytics
    application end with it; where this process itself is killed, they notice and end by themselves.

    Args:
        port: port on 127.0.0.1; None takes a free one.
        log_file: where the server's log goes; None keeps it in the temporary folder.
        start_timeout_seconds: how long the server may take to listen.

    Raises:
        OperatorError: on entering, where the environment is missing or the server does not start.

    Example:
        with LocalCloud(log_file=Path("out/demo/localcloud.log")) as cloud:
            subprocess.run(["npx", "cdk", "deploy", "--all"], env=cloud.environment(), check=True)
            cloud.client("kinesis").list_streams()
    """

    absent_services: frozenset[str] = frozenset()
    """Services of ours that this cloud does not have."""

    def __init__(
        self, *, port: int | None = None, log_file: Path | None = None, start_timeout_seconds: float = 60
    ) -> None:
        self._port = port or 0
        self._log_file = log_file
        self._start_timeout_seconds = start_timeout_seconds
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint_url = ""

    def __enter__(self) -> LocalCloud:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the server, which is also the id of the process group that everything local runs in."""
        assert self._process is not None, "the local cloud is not running"
        return self._process.pid

    @property
    def log_file(self) -> Path:
        """The server's log."""
        return self._log_file or self._running_folder / "server.log"

    def environment(self) -> dict[str, str]:
        """A whole environment for child processes (CDK CLI, our commands): see `cloud_environment`."""
        return cloud_environment(self.endpoint_url)

    def client(self, service: str) -> Any:
        """A boto3 client of this cloud. Typed `Any`: callers annotate with the type from boto3-stubs."""
        return self.session().client(service, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]

    def session(self) -> boto3.Session:
        """A boto3 session with this cloud's dummy keys, region and endpoint."""
        return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106

    def status(self) -> Status:
        """What the cloud is doing: mappings, how far behind each is, and applications."""
        with urllib.request.urlopen(f"{self.endpoint_url}/_cutwatch/status", timeout=30) as answer:  # noqa: S310
            return parse_status(answer.read())

    def wait_until_drained(self, timeout_seconds: float, *, settle_seconds: float = 1.0) -> bool:
        """Wait until applications and Kinesis mappings have worked off all that is in their streams.

        Args:
            timeout_seconds: give up after this long.
            settle_seconds: it must stay so for this long: what one stage writes, the next has yet to see.

        Returns:
            Whether everything was worked off in time.
        """
        deadline = time.monotonic() + timeout_seconds
        quiet_since: float | None = None
        while time.monotonic() < deadline:
            now = time.monotonic()
            if not self.status().drained:
                quiet_since = None
            elif quiet_since is None:
                quiet_since = now
            elif now - quiet_since >= settle_seconds:
                return True
            time.sleep(0.2)
        return False

    def stop(self) -> None:
        """End the server and everything it started, and remove its folder; harmless when already ended."""
        process, self._process = self._process, None
        if process is not None:
            _end_group(process)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    @property
    def _running_folder(self) -> Path:
        assert self._folder is not None, "the local cloud is not running"
        return self._folder

    def _start(self) -> None:
        if not PYTHON.exists():
            raise OperatorError(f"the local cloud's environment {PYTHON.parents[1].name} is missing: make it with "
                                "`make .venv-localcloud/.done`")  # fmt: skip
        folder = self._folder = Path(tempfile.mkdtemp(prefix="cutwatch-cloud-"))
        (folder / "tmp").mkdir()
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join([str(Path(sys.executable).parent), str(ROOT / ".venv" / "bin"), os.environ["PATH"]])
        command = [str(PYTHON), "-m", "cutwatch.localcloud.serve", "--folder", str(folder),
                   "--port", str(self._port), "--parent", str(os.getpid())]  # fmt: skip
        with self.log_file.open("wb") as log:
            self._process = self._spawn(command, server_environment(str(folder), path), log)
        self.endpoint_url = f"http://{HOST}:{self._wait_until_ready(folder / 'ready.json')}"

    @staticmethod
    def _spawn(command: list[str], environment: dict[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches this process alone, which then ends the whole group in order.
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=subprocess.STDOUT, start_new_session=True)  # fmt: skip

    def _wait_until_ready(self, ready: Path) -> int:
        assert self._process is not None
        deadline = time.monotonic() + self._start_timeout_seconds
        while time.monotonic() < deadline:
            if ready.exists():
                return int(json.loads(ready.read_text())["port"])
            if self._process.poll() is not None:
                raise OperatorError(f"the local cloud did not start:\n{self._log_tail()}")
            time.sleep(0.05)
        raise OperatorError(
            f"the local cloud did not start within {self._start_timeout_seconds:g} s:\n{self._log_tail()}"
        )

    def _log_tail(self) -> str:
        return "\n".join(self.log_file.read_text(errors="replace").splitlines()[-_LOG_TAIL_LINES:])


def _end_group(process: subprocess.Popen[bytes], grace_seconds: float = 10) -> None:
    """Ask the leader to end, then end whatever is left of its group."""
    try:
        process.terminate()
        process.wait(grace_seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # EPERM: on macOS, where only zombies are left
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
