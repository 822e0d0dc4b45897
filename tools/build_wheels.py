"""Build wheels with the forest's compiled core: `python -m tools.build_wheels [PLATFORM ...]`.

One `py3-none-<platform>` wheel serves every Python on its platform, because the core uses no Python headers. ziglang
compiles for every platform on any host, so all wheels come from one machine. They are put into dist/.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.build_native import PLATFORMS, ROOT, BuildError, build_environment, compile_library, zig_compiler
from tools.wheel_variables import LIBRARY_VARIABLE, TAG_VARIABLE

DIST = ROOT / "dist"


def build_wheel(platform: str, folder: Path = DIST) -> Path:
    """Compile the core for a platform of PLATFORMS and build the wheel around it.

    Returns:
        The wheel's path.

    Raises:
        BuildError: when the compiler or the wheel's builder fails; the text is its own.
    """
    target = PLATFORMS[platform]
    library = compile_library(target, zig_compiler(target.zig_target))
    python = build_environment() / "bin" / "python"
    result = subprocess.run(
        [str(python), "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT,
        env={**os.environ, LIBRARY_VARIABLE: str(library), TAG_VARIABLE: target.wheel_tag},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise BuildError(f"{result.stdout}{result.stderr}".rstrip())
    return max(folder.glob(f"*-py3-none-{target.wheel_tag}.whl"), key=lambda wheel: wheel.stat().st_mtime_ns)


def main(argv: Sequence[str] | None = None) -> int:
    """Build the wheels that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m tools.build_wheels", description=__doc__)
    parser.add_argument("platforms", nargs="*", metavar="PLATFORM", help=f"of {', '.join(PLATFORMS)}; default: all")
    args = parser.parse_args(argv)
    if unknown := set(args.platforms) - set(PLATFORMS):
        parser.error(f"{', '.join(sorted(unknown))}: not among {', '.join(PLATFORMS)}")
    for platform in args.platforms or PLATFORMS:
        try:
            wheel = build_wheel(platform)
        except BuildError as error:
            sys.stderr.write(f"The wheel for {platform} could not be built:\n{error}\n")
            return 1
        sys.stderr.write(f"{wheel.relative_to(ROOT)}: {wheel.stat().st_size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
