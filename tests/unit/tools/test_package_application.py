"""The application's package: complete, the same bytes every time, and able to say what is wrong."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cutwatch import __version__
from cutwatch.errors import OperatorError
from tools import flink_packages
from tools.package_application import OUTPUT, SQL, main, package, write_zip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return package(output=tmp_path_factory.mktemp("package") / "application.zip")


def test_the_same_sources_give_the_same_bytes(built: Path, tmp_path: Path) -> None:
    copy = tmp_path / "sql"
    shutil.copytree(SQL, copy)
    for path in copy.iterdir():
        os.utime(path, (1, 1))
        path.chmod(0o600)
    again = package(copy, tmp_path / "again.zip")
    assert again.read_bytes() == built.read_bytes()


def test_the_order_in_which_entries_are_given_does_not_matter(tmp_path: Path) -> None:
    contents = {"b": b"2", "a": b"1"}
    write_zip(tmp_path / "1.zip", contents)
    write_zip(tmp_path / "2.zip", dict(reversed(contents.items())))
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_the_manifest_tells_version_engines_and_every_file(built: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        files = {name: archive.read(name) for name in archive.namelist() if name != "manifest.json"}
    assert (manifest["version"], manifest["engines"]) == (__version__, ["embedded"])
    assert manifest["files"] == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert {"main.py", "app/kda_sql/clickstream.sql", "app/kda_sql/application.json"} <= set(files)
    assert any(name.startswith("app/cutwatch/forest/libraries/") for name in files)
    assert not any("pycache" in name or name.endswith((".pyc", ".c", ".h")) for name in files)
    assert not any(
        name.startswith(("app/cutwatch/localcloud", "app/lambdas", "app/stacks", "packages")) for name in files
    )


def test_what_is_packaged_imports_by_itself(built: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(built) as archive:
        archive.extractall(tmp_path)
    program = "import cutwatch.runtime.launch, cutwatch.forest; print(cutwatch.__file__)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], env={"PYTHONPATH": str(tmp_path / "app")}, cwd="/", capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert Path(done.stdout.strip()).is_relative_to(tmp_path.resolve())


def test_another_sql_folder_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.sql").write_text("-- mine")
    (tmp_path / "mine" / "application.json").write_text("{}")
    (tmp_path / "mine" / "notes.txt").write_text("not packaged")
    with zipfile.ZipFile(package(tmp_path / "mine", tmp_path / "mine.zip")) as archive:
        names = [name for name in archive.namelist() if name.startswith("app/kda_sql/")]
    assert names == ["app/kda_sql/application.json", "app/kda_sql/mine.sql"]


def test_an_incomplete_sql_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"there is no application\.json"):
        package(tmp_path, tmp_path / "x.zip")
    (tmp_path / "application.json").write_text("{}")
    with pytest.raises(OperatorError, match=r"there is no \.sql file"):
        package(tmp_path, tmp_path / "x.zip")
    assert not (tmp_path / "x.zip").exists()


def test_the_command_prints_the_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "out" / "application.zip"
    assert main(["--output", str(output)]) == 0
    assert capsys.readouterr().err.endswith(f"{output.stat().st_size / 1e6:.2f} MB\n")
    assert main(["--sql", str(tmp_path)]) == 4
    assert "there is no application.json" in capsys.readouterr().err


def test_the_default_output_is_where_the_stacks_take_it_from() -> None:
    assert OUTPUT.relative_to(Path(__file__).parents[3]).as_posix() == "build/application.zip"


def test_the_connector_lies_in_the_package_with_its_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = tmp_path / "connector-1.0.jar"
    jar.write_bytes(b"stands in for a jar")
    monkeypatch.setenv("KINESIS_JAR", str(jar))
    assert flink_packages.connector(os.environ) == jar
    built = package(output=tmp_path / "application.zip", jar=jar)
    with zipfile.ZipFile(built) as archive:
        connector = json.loads(archive.read("manifest.json"))["connector"]
        assert archive.read(connector["file"]) == b"stands in for a jar"
    assert connector == {"file": f"lib/{jar.name}", "sha256": hashlib.sha256(jar.read_bytes()).hexdigest()}


def test_a_deployment_without_the_connector_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KINESIS_JAR", str(tmp_path / "none.jar"))
    assert main(["--deploy", "--output", str(tmp_path / "application.zip")]) == OperatorError.exit_code
    assert capsys.readouterr().err == f"package_application: KINESIS_JAR is {tmp_path / 'none.jar'}, which is no file\n"
    assert not (tmp_path / "application.zip").exists()


def test_without_maven_the_way_out_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flink_packages, "JARS", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(OperatorError, match="there is no Maven to get it: set KINESIS_JAR to the path of flink-sql"):
        flink_packages.connector({})
