"""The compiled core: where it loads and where it says why not, and that it is clean C."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cutwatch.errors import OperatorError
from cutwatch.forest import native_library
from tools import build_native

ROOT = Path(build_native.ROOT)
SCORE = """
import sys
from cutwatch.forest import RandomCutForest
import cutwatch.forest
forest = RandomCutForest(2, trees=3, sub_sample_size=10)
print(cutwatch.forest.__file__, forest.learn_score([[i % 3, i % 5] for i in range(40)]).score.sum())
"""


def run(program: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def copy_of_the_package(folder: Path) -> Path:
    """What a zip for Flink or Lambda holds: the package's Python and the library, no sources, no compiler."""
    package = folder / "cutwatch"
    (package / "forest").mkdir(parents=True)
    for name in ("__init__.py", "errors.py"):
        shutil.copy(ROOT / "cutwatch" / name, package / name)
    for source in (ROOT / "cutwatch" / "forest").glob("*.py"):
        shutil.copy(source, package / "forest" / source.name)
    shutil.copytree(ROOT / "cutwatch" / "forest" / "libraries", package / "forest" / "libraries")
    return package


def test_it_runs_from_a_read_only_folder_without_a_compiler(tmp_path: Path) -> None:
    package = copy_of_the_package(tmp_path)
    places = [*package.rglob("*"), package, tmp_path]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    try:
        before = sorted(tmp_path.rglob("*"))
        result = run(SCORE, tmp_path, PATH="/nowhere", PYTHONDONTWRITEBYTECODE="1")
        assert sorted(tmp_path.rglob("*")) == before
    finally:
        for place in places:
            place.chmod(0o755)
    assert result.returncode == 0, result.stderr
    path, total = result.stdout.split()
    assert path.startswith(str(tmp_path))
    assert float(total) > 0


def test_another_library_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUTWATCH_FOREST_LIBRARY", "/elsewhere/forest.so")
    assert native_library.library_path() == Path("/elsewhere/forest.so")


def test_a_platform_without_a_library_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"^The forest's compiled core forest-plan9-mips.so is not in .*: install"):
        native_library.load(tmp_path / "forest-plan9-mips.so")


def test_a_file_that_is_no_library_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "forest.so").write_bytes(b"not a library")
    with pytest.raises(OperatorError, match=r"does not load \(.*\): install a wheel"):
        native_library.load(tmp_path / "forest.so")


def test_a_library_of_another_version_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_library, "ABI", native_library.ABI + 1)
    with pytest.raises(OperatorError, match=r"is of another version \(1, not 2\)"):
        native_library.load(native_library.library_path())


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("Linux", "x86_64", "forest-linux-x86_64.so"),
        ("Linux", "AMD64", "forest-linux-x86_64.so"),
        ("Linux", "aarch64", "forest-linux-aarch64.so"),
        ("Darwin", "arm64", "forest-darwin-arm64.dylib"),
    ],
)
def test_what_is_built_is_what_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, name: str
) -> None:
    monkeypatch.delenv("CUTWATCH_FOREST_LIBRARY", raising=False)
    monkeypatch.setattr("platform.system", lambda: system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert native_library.library_path().name == name
    assert build_native.PLATFORMS[build_native.this_platform()].library_name == name


def test_the_python_and_the_c_number_of_the_interface_agree() -> None:
    header = (build_native.SOURCES / "forest.h").read_text()
    assert f"#define FOREST_ABI {native_library.ABI}\n" in header


def test_every_exported_function_is_declared_to_python() -> None:
    header = (build_native.SOURCES / "forest.h").read_text()
    exported = {line.split("(")[0].split()[-1] for line in header.splitlines() if line.startswith("API ")}
    assert exported == {*native_library._SIGNATURES, "forest_abi"}


def test_a_second_build_is_found_in_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    first = build_native.build_for_this_machine()
    monkeypatch.setattr(build_native, "_run", lambda _: pytest.fail("compiled again"))
    assert build_native.build_for_this_machine() == first


def test_installing_replaces_only_what_changed(tmp_path: Path) -> None:
    built = tmp_path / "built" / "forest-x.so"
    built.parent.mkdir()
    built.write_bytes(b"one")
    place = build_native.install(built, tmp_path / "libraries")
    first = place.stat()
    assert build_native.install(built, tmp_path / "libraries").stat().st_ino == first.st_ino
    built.write_bytes(b"two")
    assert build_native.install(built, tmp_path / "libraries").read_bytes() == b"two"
    assert place.stat().st_ino != first.st_ino, "whoever has the old one loaded keeps it"


def the_compiler() -> build_native.Compiler:
    compiler = build_native.system_compiler()
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    return compiler


@pytest.mark.parametrize("source", [*build_native.FILES, "kernel.c"])
def test_the_c_compiles_without_a_warning(source: str) -> None:
    command = [*the_compiler().command, *build_native.FLAGS, *build_native.WARNINGS, "-Werror", "-fsyntax-only"]
    command += ["-DKERNEL=kernel_portable", str(build_native.SOURCES / source)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


UNDER_SANITIZERS = ["test_calls.py", "test_golden_values.py", "test_invariants.py", "test_state.py", "test_bank.py"]


def test_the_sanitizers_find_nothing() -> None:
    """The tests that reach every line of C, again over a library with AddressSanitizer and UBSan."""
    compiler = the_compiler()
    target = build_native.PLATFORMS.get(build_native.this_platform())
    if target is None or not target.name.startswith("linux"):
        pytest.skip("the sanitizers are preloaded on Linux only")
    try:
        library = build_native.compile_library(target, compiler, sanitize=True)
    except build_native.BuildError as error:
        pytest.skip(f"the compiler has no sanitizers: {str(error)[-200:]}")
    runtime = subprocess.run(
        [*compiler.command, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True
    ).stdout.strip()
    if not Path(runtime).is_absolute():
        pytest.skip("the sanitizers' library is not here")
    names = [str(Path(__file__).with_name(name)) for name in UNDER_SANITIZERS]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--hypothesis-seed=0", *names],
        cwd=ROOT,
        env={
            **os.environ,
            native_library.LIBRARY_VARIABLE: str(library),
            "LD_PRELOAD": runtime,
            "ASAN_OPTIONS": "detect_leaks=0",
            "UBSAN_OPTIONS": "print_stacktrace=1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{result.stdout[-3000:]}{result.stderr[-3000:]}"
