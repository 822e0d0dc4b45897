"""How tests start programs in the environment of the Flink job."""

from __future__ import annotations

import os
import pickle
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from cutwatch.sql import OutputRow
from tests.sql.flink_cases import FlinkCase

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-flink" / "bin" / "python"

needs_flink = pytest.mark.skipif(
    not (ROOT / ".venv-flink" / ".done").exists(), reason="the environment .venv-flink is not made: make test makes it"
)


def environment() -> dict[str, str]:
    """A plain environment in which the project is found."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def run_on_flink(cases: Sequence[FlinkCase], folder: Path, parallelism: int) -> list[list[OutputRow]]:
    """Run all cases in one job; gives each one's rows."""
    (folder / "cases.pickle").write_bytes(pickle.dumps(list(cases)))
    command = [str(PYTHON), "-m", "tests.sql.flink_cases", str(folder), str(parallelism)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-8000:]
    rows: list[list[OutputRow]] = pickle.loads((folder / "rows.pickle").read_bytes())
    return rows
