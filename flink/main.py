"""Entry point of the analytics application, at the root of its package (property `python` of the run options)."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
HERE = ("3.12", "Linux", "x86_64")  # what the packages beside it are for: Managed Flink; elsewhere one has one's own
sys.path.insert(0, str(ROOT / "app"))
if (platform.python_version().rpartition(".")[0], platform.system(), platform.machine()) == HERE:
    sys.path.insert(1, str(ROOT / "packages"))

from cutwatch.runtime.entry import main  # noqa: E402 - found by the lines above

if __name__ == "__main__":
    sys.exit(main(ROOT / "app"))
