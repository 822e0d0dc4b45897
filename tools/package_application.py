"""Build the analytics application's package, build/application.zip: `python -m tools.package_application`.

The same sources give the same bytes: entries are sorted, stored uncompressed (compressors differ between machines), and
carry a fixed time and mode. So a deployment changes the application only when its contents change.

    main.py         the entry point
    app/            our own code and the SQL
    packages/       with --flink: what Managed Flink's Python lacks
    lib/            with --flink: the Kinesis connector, where it is to be had
    manifest.json   version, engines, the connector, and every file's SHA-256
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
from tools import build_native, flink_packages
from tools.build_native import PLATFORMS, ROOT, BuildError

OUTPUT = ROOT / "build" / "application.zip"
SQL = ROOT / "kda_sql"
PACKAGES = ("forest", "runtime", "sql")
CODE = "app"
# Of the judgement the score record alone: a change of the rest shall not restart the application.
MODULES = ("__init__.py", "errors.py", "detection/__init__.py", "detection/codec.py", "detection/records.py")
MOST_BYTES = 512 * 1024 * 1024  # what Managed Flink takes
DESCRIPTION = "application.json"
AWS_PLATFORM = "linux-x86_64"  # what Managed Flink runs on
_TIME = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_MODE = 0o100644 << 16


def package(
    sql: Path = SQL, output: Path = OUTPUT, *, linux: bool = False, flink: bool = False, jar: Path | None = None
) -> Path:
    """Build the package.

    Args:
        sql: folder with the `.sql` files and `application.json`; it becomes `kda_sql` in the package.
        output: the zip to write.
        linux: on another platform, build the forest for Managed Flink's even if that needs a download.
        flink: bring along what Managed Flink's Python lacks.
        jar: the Kinesis connector to bring along.

    Returns:
        `output`.

    Raises:
        OperatorError: where the SQL folder is not complete, the forest is not built, or it all is too large.
    """
    ours = {**_library(), **_sql(sql), **_native(linux=linux or flink)}
    contents = {"main.py": (ROOT / "flink" / "main.py").read_bytes()}
    contents |= {f"{CODE}/{name}": data for name, data in ours.items()}
    if flink:
        contents |= {f"packages/{name}": data for name, data in flink_packages.packages().items()}
    if jar is not None:
        contents[f"lib/{jar.name}"] = jar.read_bytes()
    contents = dict(sorted(contents.items()))
    manifest = {
        "name": "cutwatch-application",
        "version": __version__,
        "engines": ["embedded", "flink"] if flink else ["embedded"],
        "connector": jar and {"file": f"lib/{jar.name}", "sha256": hashlib.sha256(jar.read_bytes()).hexdigest()},
        "files": {name: hashlib.sha256(data).hexdigest() for name, data in contents.items()},
    }
    contents["manifest.json"] = json.dumps(manifest, indent=1).encode() + b"\n"
    output.parent.mkdir(parents=True, exist_ok=True)
    fresh = output.with_name(f"{output.name}.{os.getpid()}")
    write_zip(fresh, contents)
    size = fresh.stat().st_size
    if size >= MOST_BYTES:
        fresh.unlink()
        raise OperatorError(f"the package would be {size / 1e6:.0f} MB; Managed Flink takes less than 512 MiB")
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
    parser.add_argument("--flink", action="store_true", help="for Managed Flink: with packages, and the connector")
    parser.add_argument("--deploy", action="store_true", help="as --flink, and refuse to go without the connector")
    args = parser.parse_args(argv)
    try:
        flink = args.flink or args.deploy
        jar = _connector(needed=args.deploy) if flink else None
        path = package(args.sql, args.output, linux=args.linux, flink=flink, jar=jar)
    except OperatorError as error:
        sys.stderr.write(f"package_application: {error}\n")
        return error.exit_code
    shown = path.resolve()
    shown = shown.relative_to(ROOT) if shown.is_relative_to(ROOT) else shown
    sys.stderr.write(f"{shown}: {path.stat().st_size / 1e6:.2f} MB\n")
    if jar is not None:
        sys.stderr.write(f"{jar.name}: SHA-256 {hashlib.sha256(jar.read_bytes()).hexdigest()}\n")
    return 0


def _connector(*, needed: bool) -> Path | None:
    try:
        return flink_packages.connector(os.environ)
    except OperatorError as error:
        if needed:
            raise
        sys.stderr.write(f"without the Kinesis connector, which synth and the local cloud do not need: {error}\n")
        return None


if __name__ == "__main__":
    sys.exit(main())
