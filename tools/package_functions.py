"""Lay out each Lambda function's folder under build/lambdas, as the CDK assets take it.

A folder holds `lambdas/<name>`, `lambdas/shared`, the judgement (`cutwatch/detection`, standard library only) and the
pinned packages of lambdas/requirements.txt. Same sources, same bytes: assets change only when code does.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

BUILD = Path("build/lambdas")
PACKAGES = Path("build/lambda-packages")
REQUIREMENTS = Path("lambdas/requirements.txt")
SHARED = ("cutwatch/__init__.py", "cutwatch/errors.py", "cutwatch/detection", "lambdas/__init__.py", "lambdas/shared")
IGNORE = shutil.ignore_patterns("__pycache__", "*.pyc", "requirements*")


def install_packages() -> Path:
    """Install the pinned packages once for each content of the requirements file."""
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    mark = PACKAGES / ".requirements"
    if not mark.exists() or mark.read_text() != wanted:
        shutil.rmtree(PACKAGES, ignore_errors=True)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input"]
        # Lambda's Python and processor, not this machine's; without .pyc files the folder is the same everywhere.
        target = [
            "--platform",
            "manylinux2014_aarch64",
            "--python-version",
            "3.13",
            "--only-binary=:all:",
            "--no-compile",
        ]
        install = ["--target", str(PACKAGES), "--no-deps", "--require-hashes", "-r", str(REQUIREMENTS)]
        subprocess.run([*pip, *target, *install], check=True)
        mark.write_text(wanted)
    return PACKAGES


def package(name: str, packages: Path) -> Path:
    """Lay out one function's folder and return it."""
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(packages, folder, ignore=shutil.ignore_patterns("__pycache__", ".requirements", "bin"))
    for source in (*SHARED, f"lambdas/{name}"):
        if Path(source).is_dir():
            shutil.copytree(source, folder / source, ignore=IGNORE, dirs_exist_ok=True)
        else:
            (folder / source).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / source)
    return folder


def main() -> None:
    """Package every function."""
    packages = install_packages()
    for handler in sorted(Path("lambdas").glob("*/handler.py")):
        package(handler.parent.name, packages)


if __name__ == "__main__":
    main()
