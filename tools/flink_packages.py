"""What the application's package needs for Managed Flink beyond our own code: Python packages and the connector."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from cutwatch.errors import OperatorError
from tools.build_native import ROOT

REQUIREMENTS = ROOT / "flink" / "packages.txt"
FOLDER = ROOT / "build" / "flink-packages"
JARS = ROOT / "build" / "flink-jars"
CONNECTOR = "org.apache.flink:flink-sql-connector-aws-kinesis-streams:6.0.0-2.0"
JAR_VARIABLE = "KINESIS_JAR"
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_26_x86_64", "manylinux_2_17_x86_64",
              "manylinux2014_x86_64")  # fmt: skip
_LEFT_OUT = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")  # these tell of the installation, not the package


def packages() -> dict[str, bytes]:
    """The pinned packages for Python 3.12 on Linux x86-64, by path; installed once for each list of requirements.

    Raises:
        OperatorError: where pip cannot get them.
    """
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    mark = FOLDER / ".requirements"
    if not mark.exists() or mark.read_text() != wanted:
        _install()
        mark.write_text(wanted)
    files = (path for path in FOLDER.rglob("*") if path.is_file() and _is_content(path.relative_to(FOLDER)))
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in files}


def _install() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input"]
    platforms = [word for platform in _PLATFORMS for word in ("--platform", platform)]
    target = [*platforms, "--python-version", "3.12", "--only-binary=:all:", "--no-compile", "--target", str(FOLDER)]
    try:
        subprocess.run([*pip, *target, "--no-deps", "--require-hashes", "-r", str(REQUIREMENTS)], check=True)
    except subprocess.CalledProcessError as cause:
        raise OperatorError(f"pip could not install {REQUIREMENTS.relative_to(ROOT)} for Managed Flink") from cause


def _is_content(path: Path) -> bool:
    first, inside = path.parts[0], path.parts
    if first in ("bin", ".requirements") or "__pycache__" in inside or "tests" in inside:
        return False
    return not (first.endswith(".dist-info") and path.name in _LEFT_OUT)


def connector(environment: Mapping[str, str]) -> Path:
    """The connector's jar: where KINESIS_JAR says, else by its coordinates through Maven.

    Raises:
        OperatorError: in one sentence, where there is none to be had.
    """
    named = environment.get(JAR_VARIABLE)
    if named:
        path = Path(named)
        if not path.is_file():
            raise OperatorError(f"{JAR_VARIABLE} is {named}, which is no file")
        return path
    _, name, version = CONNECTOR.split(":")
    path = JARS / f"{name}-{version}.jar"
    if path.is_file():
        return path
    advice = f"set {JAR_VARIABLE} to the path of {path.name}"
    maven = shutil.which("mvn")
    if maven is None:
        raise OperatorError(f"the Kinesis connector of Flink is not here and there is no Maven to get it: {advice}")
    command = [maven, "-B", "-q", "dependency:copy", f"-Dartifact={CONNECTOR}", f"-DoutputDirectory={JARS}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode or not path.is_file():
        raise OperatorError(f"Maven could not get {CONNECTOR}: {advice}")
    return path
