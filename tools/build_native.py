"""Build the forest's C core. `python -m tools.build_native` builds it for this machine, where it is not built yet.

The library depends on the C library alone: no Python headers, no numpy. A build for this machine uses the system's C
compiler where there is one; otherwise, and for other platforms, PyPI's ziglang does it, installed beside .venv from
requirements-build.txt. Builds are kept under build/native by a hash of sources, flags and compiler.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.make_environment import make_environment

ROOT = Path(__file__).resolve().parent.parent
FOREST = ROOT / "cutwatch" / "forest"
SOURCES = FOREST / "native"
LIBRARIES = FOREST / "libraries"
CACHE = ROOT / "build" / "native"
REQUIREMENTS = ROOT / "requirements-build.txt"

FILES = ("layout.c", "run.c", "variant.c", "save.c", "restore.c")
# No fused multiply-add and no reordered sums: every compiler and processor gives the same bits.
FLAGS = ("-O3", "-std=c11", "-fPIC", "-ffp-contract=off", "-fno-math-errno", "-fvisibility=hidden")
SANITIZERS = "-fsanitize=address,undefined"
SANITIZE = ("-O1", "-g", SANITIZERS, "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-DFEW_WIDTHS")
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wno-psabi")


class BuildError(Exception):
    """Raised when the library cannot be built; its text says what is missing."""


@dataclass(frozen=True)
class Platform:
    """A platform that the library is built for.

    Attributes:
        name: `<system>-<machine>`, as in the library's file name.
        zig_target: what ziglang calls it; the C library's version is the oldest that the wheel's tag allows.
        wheel_tag: the platform's tag in a wheel's name.
    """

    name: str
    zig_target: str
    wheel_tag: str

    @property
    def library_name(self) -> str:
        """The library's file name; `cutwatch.forest.native_library` looks for the same."""
        return f"forest-{self.name}{'.dylib' if self.name.startswith('darwin') else '.so'}"

    @property
    def is_x86(self) -> bool:
        """Whether a second kernel for AVX2 is built and chosen at run time."""
        return self.name.endswith("x86_64")


PLATFORMS = {
    p.name: p
    for p in (
        Platform("linux-x86_64", "x86_64-linux-gnu.2.17", "manylinux_2_17_x86_64.manylinux2014_x86_64"),
        Platform("linux-aarch64", "aarch64-linux-gnu.2.17", "manylinux_2_17_aarch64.manylinux2014_aarch64"),
        Platform("darwin-arm64", "aarch64-macos.11.0", "macosx_11_0_arm64"),
    )
}


@dataclass(frozen=True)
class Compiler:
    """A C compiler: the command, and the flags for the two levels of x86-64."""

    command: tuple[str, ...]
    portable_x86: tuple[str, ...]
    avx2: tuple[str, ...]
    identity: str


def this_platform() -> str:
    """Name this machine as PLATFORMS does, whether it is among them or not."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}-{ {'amd64': 'x86_64'}.get(machine, machine) }"


def system_compiler() -> Compiler | None:
    """The machine's own C compiler, if there is one that can build the library."""
    for name in filter(None, (os.environ.get("CC"), "cc", "gcc", "clang")):
        command = shutil.which(name)
        if command is None:
            continue
        version = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
        if version.returncode == 0:
            return Compiler((command,), ("-msse4.2",), ("-mavx2", "-mfma"), version.stdout.partition("\n")[0])
    return None


def build_environment() -> Path:
    """The environment of what is needed to build only, made when first needed and when its requirements changed."""
    environment = ROOT / ".venv-build"
    done = environment / ".done"
    if not done.exists() or done.stat().st_mtime < REQUIREMENTS.stat().st_mtime:
        make_environment(environment, REQUIREMENTS)
    return environment


def zig_compiler(target: str | None) -> Compiler:
    """PyPI's ziglang, installed when first needed. `target` None is this machine."""
    command = (str(build_environment() / "bin" / "python"), "-m", "ziglang", "cc")
    where = ("-target", target) if target else ()
    pins = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return Compiler((*command, *where), ("-mcpu=x86_64_v2",), ("-mcpu=x86_64_v3",), f"ziglang {target} {pins}")


def compile_library(target: Platform, compiler: Compiler, *, sanitize: bool = False) -> Path:
    """Compile the library, or find it in the cache.

    Args:
        target: the platform to build for; the compiler must build for the same.
        compiler: which compiler.
        sanitize: with AddressSanitizer and UndefinedBehaviorSanitizer and one kernel, for tests.

    Returns:
        The library's path in the cache.

    Raises:
        BuildError: when the compiler fails; the text is the compiler's own.
    """
    flags = (*(SANITIZE if sanitize else ()), *FLAGS[sanitize:], *WARNINGS)
    portable = compiler.portable_x86 if target.is_x86 else ()
    with_avx2 = target.is_x86 and not sanitize
    units = [(name, (*portable, *(("-DHAVE_AVX2",) if with_avx2 else ()))) for name in FILES]
    units.append(("kernel.c", (*portable, "-DKERNEL=kernel_portable")))
    if with_avx2:
        units.append(("kernel.c", (*compiler.avx2, "-DKERNEL=kernel_avx2")))

    digest = hashlib.sha256(repr((compiler.identity, flags, units)).encode())
    for source in sorted(SOURCES.glob("*.[ch]")):
        digest.update(source.name.encode() + source.read_bytes())
    folder = CACHE / f"{target.name}-{digest.hexdigest()[:16]}"
    library = folder / target.library_name
    if library.exists():
        return library

    work = folder.with_name(f"{folder.name}.{os.getpid()}")
    work.mkdir(parents=True)
    try:
        objects = [str(work / f"{number}.o") for number in range(len(units))]
        commands = [
            [*compiler.command, *flags, *unit_flags, "-c", str(SOURCES / name), "-o", place]
            for (name, unit_flags), place in zip(units, objects, strict=True)
        ]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(_run, reversed(commands)))  # the kernels, which take longest, come last in the list
        strip = () if sanitize else ("-s",)
        sanitizers = (SANITIZERS,) if sanitize else ()
        _run([*compiler.command, "-shared", *strip, *sanitizers, "-o", str(work / library.name), *objects, "-lm"])
        for place in objects:
            Path(place).unlink()
        if not folder.exists():
            work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return library


def _run(command: Sequence[str]) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BuildError(f"{' '.join(command)}\n{result.stdout}{result.stderr}".rstrip())


def build_for_this_machine(*, sanitize: bool = False, prefer_zig: bool = False) -> Path:
    """Build the library for this machine with whatever compiler there is; returns its path in the cache."""
    target = PLATFORMS.get(this_platform(), Platform(this_platform(), "", ""))
    compiler = None if prefer_zig else system_compiler()
    return compile_library(target, compiler or zig_compiler(target.zig_target or None), sanitize=sanitize)


def install(library: Path, folder: Path = LIBRARIES) -> Path:
    """Put a built library where `cutwatch.forest` loads it from."""
    place = folder / library.name
    if not place.exists() or place.read_bytes() != library.read_bytes():
        folder.mkdir(exist_ok=True)
        fresh = place.with_name(f"{place.name}.{os.getpid()}")
        shutil.copyfile(library, fresh)
        fresh.replace(place)  # a process that runs the old library keeps it
    return place


def main(argv: Sequence[str] | None = None) -> int:
    """Build and install the library for this machine."""
    parser = argparse.ArgumentParser(prog="python -m tools.build_native", description=__doc__)
    parser.add_argument("--zig", action="store_true", help="use ziglang though there may be a system compiler")
    parser.add_argument(
        "--platform",
        choices=PLATFORMS,
        help="build for a platform to ship to, with ziglang and for its oldest C library, instead of for this machine",
    )
    args = parser.parse_args(argv)
    try:
        if args.platform:
            target = PLATFORMS[args.platform]
            place = install(compile_library(target, zig_compiler(target.zig_target)))
        else:
            place = install(build_for_this_machine(prefer_zig=args.zig))
    except BuildError as error:
        sys.stderr.write(f"The forest's C core could not be built:\n{error}\n")
        return 1
    sys.stderr.write(f"{place.relative_to(ROOT)}: ready\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
