"""Build the analytics application's package, build/application.zip: `python -m tools.package_application`.

The same sources give the same bytes: entries are sorted, stored uncompressed (compressors differ between machines), and
carry a fixed time and mode. So a deployment changes the application only when its contents change.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from cutwatch import __version__
from cutwatch.errors import OperatorError
from cutwatch.forest.native_library import library_path
from tools import build_native
from tools.build_native import PLATFORMS, ROOT, BuildError

OUTPUT = ROOT / "build" / "application.zip"
SQL = ROOT / "kda_sql"
PACKAGES = ("forest", "runtime", "sql")
# Of the judgement the score record alone: a change of the rest shall not restart the application.
MODULES = ("__init__.py", "errors.py", "detection/__init__.py", "detection/codec.py", "detection/records.py")
ENGINES = ("embedded",)
DESCRIPTION = "application.json"
AWS_PLATFORM = "linux-x86_64"  # what Managed Flink runs on
_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16


def package(sql: Path = SQL, output: Path = OUTPUT, *, linux: bool = False) -> Path:
    """Build the package.

    Args:
        sql: folder with the `.sql` files and `application.json`; it becomes `kda_sql` in the package.
        output: the zip to write.
        linux: on another platform, build the forest for Managed Flink's even if that needs a download.

    Returns:
        `output`.

    Raises:
        OperatorError: where the SQL folder is not complete, or the forest is not built.
    """
    contents = dict(sorted({**_entry_point(), **_library(), **_sql(sql), **_native(linux=linux)}.items()))
    manifest = {
        "name": "cutwatch-application",
        "version": __version__,
        "engines": list(ENGINES),
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
    }
    contents["manifest.json"] = json.dumps(manifest, indent=1).encode() + b"\n"
    output.parent.mkdir(parents=True, exist_ok=True)
    fresh = output.with_name(f"{output.name}.{os.getpid()}")
    write_zip(fresh, contents)
    fresh.replace(output)
    return output


def write_zip(path: Path, contents: Mapping[str, bytes]) -> None:
    """Write a zip whose bytes depend on `contents` alone."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, _TIME)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            archive.writestr(entry, contents[name])


def _entry_point() -> dict[str, bytes]:
    return {"main.py": (ROOT / "flink" / "main.py").read_bytes()}


def _library() -> dict[str, bytes]:
    folder = ROOT / "cutwatch"
    found = [folder / name for name in MODULES]
    for name in PACKAGES:
        found += _python_files(folder / name)
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in found}


def _python_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def _sql(folder: Path) -> dict[str, bytes]:
    description = folder / DESCRIPTION
    if not description.is_file():
        raise OperatorError(f"{folder}: there is no {DESCRIPTION}; a SQL folder has one beside its .sql files")
    files = sorted(folder.glob("*.sql"))
    if not files:
        raise OperatorError(f"{folder}: there is no .sql file")
    return {f"kda_sql/{path.name}": path.read_bytes() for path in (description, *files)}


def _native(*, linux: bool) -> dict[str, bytes]:
    """The forest's compiled core: this machine's as it is installed, and Managed Flink's where that is another."""
    local = library_path()
    if not local.exists():
        raise OperatorError(f"the forest's compiled core {local.name} is not built: run `make native`")
    libraries = [local]
    if build_native.this_platform() != AWS_PLATFORM:
        if linux or (ROOT / ".venv-build" / ".done").exists():
            target = PLATFORMS[AWS_PLATFORM]
            try:
                libraries.append(build_native.compile_library(target, build_native.zig_compiler(target.zig_target)))
            except BuildError as cause:
                raise OperatorError(f"the forest could not be built for {AWS_PLATFORM}: {cause}") from cause
        else:
            note = "without the forest for Managed Flink, which the local cloud does not need; see --linux\n"
            sys.stderr.write(note)
    return {f"cutwatch/forest/libraries/{path.name}": path.read_bytes() for path in libraries}


def main(argv: Sequence[str] | None = None) -> int:
    """Build the package and print its size."""
    parser = argparse.ArgumentParser(prog="python -m tools.package_application", description=__doc__)
    parser.add_argument("--sql", type=Path, default=SQL, help="folder with the SQL (default: kda_sql)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the zip (default: build/application.zip)")
    parser.add_argument("--linux", action="store_true", help="also build the forest for Managed Flink, by a download")
    args = parser.parse_args(argv)
    try:
        path = package(args.sql, args.output, linux=args.linux)
    except OperatorError as error:
        sys.stderr.write(f"package_application: {error}\n")
        return error.exit_code
    shown = path.resolve()
    shown = shown.relative_to(ROOT) if shown.is_relative_to(ROOT) else shown
    sys.stderr.write(f"{shown}: {path.stat().st_size / 1e6:.2f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
