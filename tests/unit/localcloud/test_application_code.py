"""An application's description becomes something to run, or a sentence that says why not."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cutwatch.errors import OperatorError
from cutwatch.localcloud.application_code import (
    RUN_OPTIONS,
    CodeLocation,
    snapshots_skipped,
    source_stream,
    unpack,
)


def described(**configuration: Any) -> dict[str, Any]:
    groups = configuration.pop("groups", {RUN_OPTIONS: {"python": "main.py"}})
    return {
        "RuntimeEnvironment": configuration.pop("runtime", "FLINK-2_2"),
        "ApplicationConfigurationDescription": {
            "ApplicationCodeConfigurationDescription": {
                "CodeContentDescription": {
                    "S3ApplicationCodeLocationDescription": {"BucketARN": "arn:aws:s3:::code", "FileKey": "a/b.zip"}
                }
            },
            "EnvironmentPropertyDescriptions": {
                "PropertyGroupDescriptions": [
                    {"PropertyGroupId": name, "PropertyMap": values} for name, values in groups.items()
                ]
            },
            **configuration,
        },
    }


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_it_is_laid_out_with_its_properties_beside_it(tmp_path: Path) -> None:
    groups = {RUN_OPTIONS: {"python": "main.py"}, "cutwatch.application": {"seed": "1"}}
    script = unpack(described(groups=groups), zipped(**{"main.py": "pass", "kda_sql/a.sql": "--"}), tmp_path)
    assert script == (tmp_path / "code" / "main.py").resolve()
    assert (tmp_path / "code" / "kda_sql" / "a.sql").read_text() == "--"
    assert json.loads((tmp_path / "application_properties.json").read_text()) == [
        {"PropertyGroupId": RUN_OPTIONS, "PropertyMap": {"python": "main.py"}},
        {"PropertyGroupId": "cutwatch.application", "PropertyMap": {"seed": "1"}},
    ]


@pytest.mark.parametrize(
    ("application", "archive", "said"),
    [
        (described(runtime="SQL-1_0"), zipped(**{"main.py": ""}), "RuntimeEnvironment is SQL-1_0; .* runs FLINK-2_2"),
        (described(groups={}), zipped(**{"main.py": ""}), "has no key python"),
        (described(groups={RUN_OPTIONS: {"jarfile": "x.jar"}}), zipped(**{"main.py": ""}), "has no key python"),
        (described(), zipped(**{"other.py": ""}), "python is main.py, which is not in the application's zip"),
        (described(groups={RUN_OPTIONS: {"python": "../../x.py"}}), zipped(**{"main.py": ""}), "is not in the"),
        (described(), b"no zip", "not a zip file"),
    ],
    ids=["runtime", "no-group", "no-key", "no-entry", "outside", "no-zip"],
)
def test_what_cannot_run_is_refused(application: dict[str, Any], archive: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=said):
        unpack(application, archive, tmp_path)


def test_the_code_is_where_the_description_says() -> None:
    assert CodeLocation.of(described()) == CodeLocation("code", "a/b.zip", None)
    with pytest.raises(OperatorError, match="not an S3 object"):
        CodeLocation.of({})


def test_a_start_without_a_snapshot_is_seen() -> None:
    def restore(kind: str) -> dict[str, Any]:
        restore = {"ApplicationRestoreConfigurationDescription": {"ApplicationRestoreType": kind}}
        return described(RunConfigurationDescription=restore)

    assert snapshots_skipped(restore("SKIP_RESTORE_FROM_SNAPSHOT"))
    assert not snapshots_skipped(restore("RESTORE_FROM_LATEST_SNAPSHOT"))
    assert not snapshots_skipped(described())


def test_the_source_is_told_by_the_properties() -> None:
    groups = {RUN_OPTIONS: {"python": "m.py"}, "cutwatch.application": {"clicks.stream.arn": "arn:x:stream/clicks"}}
    assert source_stream(described(groups=groups)) == "arn:x:stream/clicks"
    assert source_stream(described()) == ""
