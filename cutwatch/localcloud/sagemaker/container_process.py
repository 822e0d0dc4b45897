"""One container: the process of an algorithm's program, and the lines that it prints."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cutwatch.localcloud import guard
from cutwatch.localcloud.environment import without_aws
from cutwatch.localcloud.sagemaker.images import ROOT, Algorithm

END_SECONDS = 5.0


@dataclass(frozen=True)
class Host:
    """Where containers run.

    Attributes:
        folder: for their files; it goes when the local cloud ends.
        pid: the process whose end ends them.
    """

    folder: Path
    pid: int

    @property
    def compilations(self) -> Path:
        """Where compiled networks are kept, so that the next container need not compile them again."""
        return self.folder / "compilations"


class ContainerProcess:
    """A running container.

    Args:
        host: where.
        algorithm: which program.
        verb: `train` or `serve`.
        folder: the program's folder.
        on_line: gets every line that it prints, from a thread.
    """

    def __init__(
        self, host: Host, algorithm: Algorithm, verb: str, folder: Path, on_line: Callable[[str], None]
    ) -> None:
        self._on_line = on_line
        variables = without_aws(os.environ) | {
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "CUTWATCH_COMPILATION_CACHE": str(host.compilations),
        }
        command = [str(algorithm.python), "-P", guard.__file__, str(host.pid), str(algorithm.script), verb, str(folder)]
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, name="container-reader", daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def wait(self, timeout_seconds: float | None = None) -> int:
        """Wait for its end and all that it printed. Returns the exit code.

        Raises:
            TimeoutError: it still runs after so long.
        """
        try:
            code = self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error
        self._reader.join(END_SECONDS)
        return code

    def end(self) -> None:
        """End it, at once where it does not end by itself; harmless when it has ended."""
        self._process.terminate()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(END_SECONDS)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._on_line(line.rstrip("\n"))
