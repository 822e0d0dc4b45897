"""The environment of the forest's benches: .venv and the libraries that they compare with."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from tools.make_environment import make_environment

ROOT = Path(__file__).resolve().parent.parent


def enter_bench_environment() -> None:
    """Go on in .venv-bench where a peer is missing here; that is made when first needed and when it changed."""
    if all(importlib.util.find_spec(peer) for peer in ("krcf", "rrcf")):
        return
    folder, requirements = ROOT / ".venv-bench", ROOT / "bench" / "requirements.txt"
    done = folder / ".done"
    if not done.exists() or done.stat().st_mtime < requirements.stat().st_mtime:
        make_environment(folder, requirements)
    python = str(folder / "bin" / "python")
    os.execv(python, [python, *sys.argv])
