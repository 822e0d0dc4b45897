"""Make a virtual environment from a pinned, hashed requirements file. Usage: make_environment.py FOLDER REQUIREMENTS.

Runs on the bare system Python, so it uses the standard library only.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path


def make_environment(folder: Path, requirements: Path) -> None:
    """Create `folder` afresh, install `requirements` into it, and leave a `.done` mark last."""
    started = time.monotonic()
    sys.stderr.write(f"{folder}: installing {requirements} ...\n")
    if folder.exists():
        shutil.rmtree(folder)
    venv.EnvBuilder(with_pip=True, symlinks=True).create(folder)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input"]
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(requirements)], check=True)
    (folder / ".done").touch()
    sys.stderr.write(f"{folder}: ready in {time.monotonic() - started:.0f} s\n")


if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit(
            f"Cutwatch needs Python 3.11 or newer; this is {sys.version.split()[0]} (set PYTHON=python3.12 or such)."
        )
    make_environment(Path(sys.argv[1]), Path(sys.argv[2]))
