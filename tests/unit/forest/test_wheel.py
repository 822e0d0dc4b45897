"""The wheel: what it holds, and that it scores in a fresh environment without a compiler."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from cutwatch.forest import RandomCutForest
from tools import build_native, build_wheels

ROWS = [[i % 7, (i * i) % 11] for i in range(400)]
SCORE = f"""
from cutwatch.forest import RandomCutForest
print(RandomCutForest.__module__, repr(RandomCutForest(2, trees=20, seed=3).learn_score({ROWS}).score.sum().item()))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel for this platform, by ziglang, as it is published."""
    if not (build_native.ROOT / ".venv-build" / ".done").exists():
        pytest.skip("the build environment (ziglang, 0.4 GB) is not here: `make wheel` makes it")
    if build_native.this_platform() not in build_native.PLATFORMS:
        pytest.skip(f"no wheel is built for {build_native.this_platform()}")
    return build_wheels.build_wheel(build_native.this_platform(), tmp_path_factory.mktemp("dist"))


def test_its_name_and_contents(wheel: Path) -> None:
    target = build_native.PLATFORMS[build_native.this_platform()]
    assert wheel.name.endswith(f"-py3-none-{target.wheel_tag}.whl")
    with zipfile.ZipFile(wheel) as archive:
        libraries = [name for name in archive.namelist() if name.endswith((".so", ".dylib"))]
    assert libraries == [f"cutwatch/forest/libraries/{target.library_name}"]


def test_it_scores_in_a_fresh_environment_without_a_compiler(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "fresh", symlinks=True)
    python = tmp_path / "fresh" / "bin" / "python"
    packages = next((tmp_path / "fresh" / "lib").glob("python*/site-packages"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(packages), str(wheel)], check=True)
    (packages / "numpy.pth").write_text(sysconfig.get_paths()["purelib"])  # numpy alone is wanted from here
    result = subprocess.run(
        [str(python), "-I", "-c", SCORE],
        cwd=tmp_path,
        env={"PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    expected = RandomCutForest(2, trees=20, seed=3).learn_score(ROWS).score.sum().item()
    assert result.stdout.split() == ["cutwatch.forest.forest", repr(expected)], "as the local build scores, to the bit"


def test_the_library_needs_only_an_old_c_library(wheel: Path) -> None:
    if build_native.this_platform() != "linux-x86_64":
        pytest.skip("looks at the Linux library")
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".so"))
        content = archive.read(name)
    versions = {
        tuple(int(part) for part in found.split(b".")[:3])
        for found in content.replace(b"\0", b" ").split()
        if found.startswith(b"GLIBC_")
        for found in [found.removeprefix(b"GLIBC_")]
    }
    assert max(versions, default=(0,)) <= (2, 17)
