"""One analytics job: the process that runs an application's entry point, and what it says about itself.

The job prints JSON lines; those with an `event` tell its state: `job_started`, `job_failed` (with `reason`),
`progress` (with `positions`: sequence number by shard) and `job_stopped` (with `state`: where its state is saved).
"""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

logger = logging.getLogger("cutwatch.analytics")


class Job:
    """A running job.

    Args:
        command: what to run.
        folder: where to run it.
        environment: with which variables.
        on_line: gets every line that it prints.
        on_started: called once it says that it started.
        on_ended: called once its process ended, from whichever thread sees it.
    """

    def __init__(
        self,
        command: list[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        on_started: Callable[[], None],
        on_ended: Callable[[Job], None],
    ) -> None:
        self.started = False
        self.positions: dict[str, str] = {}
        self.state_location: str | None = None
        self.failure = ""
        self._last_line = ""
        self._on_line, self._on_started, self._on_ended = on_line, on_started, on_ended
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, name="job-reader", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def reason(self) -> str:
        """Why it ended, in one line: what it said itself, else its last line and exit code."""
        return self.failure or f"the job ended with exit code {self._process.poll()}: {self._last_line or 'no output'}"

    def stop(self, *, timeout_seconds: float) -> str | None:
        """Ask it to save its state and end. Returns where the state is, None where it did not end well in time."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        self._reader.join(timeout_seconds)
        return self.state_location if code == 0 else None

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.rstrip("\n")
            self._on_line(text)
            if text.strip():
                self._last_line = text.strip()
            self._note(text)
        self._process.stdout.close()
        self._process.wait()
        self._on_ended(self)

    def _note(self, line: str) -> None:
        try:
            data = json.loads(line) if line.startswith("{") else {}
        except ValueError:
            return
        match data.get("event"):
            case "job_started":
                self.started = True
                self._on_started()
            case "progress":
                self.positions = dict(data.get("positions") or {})
            case "job_failed":
                self.failure = str(data.get("reason") or "the job failed without saying why")
            case "job_stopped":
                self.positions = dict(data.get("positions") or {})
                self.state_location = data.get("state")
