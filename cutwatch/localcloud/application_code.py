"""From an application's description to what can be run: its code unpacked, its properties written, its entry point."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cutwatch.errors import OperatorError

RUNTIMES = ("FLINK-2_2",)
RUN_OPTIONS = "kinesis.analytics.flink.run.options"


@dataclass(frozen=True)
class CodeLocation:
    """The application's zip in S3."""

    bucket: str
    key: str
    version: str | None

    @classmethod
    def of(cls, application: Mapping[str, Any]) -> CodeLocation:
        """Read it from an ApplicationDetail. Raises OperatorError where the code is not in S3."""
        code = _configuration(application).get("ApplicationCodeConfigurationDescription") or {}
        place = (code.get("CodeContentDescription") or {}).get("S3ApplicationCodeLocationDescription") or {}
        if not place.get("BucketARN") or not place.get("FileKey"):
            raise OperatorError("the application's code is not an S3 object: give S3ContentLocation")
        return cls(place["BucketARN"].split(":::", 1)[-1], place["FileKey"], place.get("ObjectVersion"))


def property_groups(application: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the property groups in the shape of Managed Flink's `application_properties.json`."""
    described = _configuration(application).get("EnvironmentPropertyDescriptions") or {}
    return [
        {"PropertyGroupId": group["PropertyGroupId"], "PropertyMap": dict(group.get("PropertyMap") or {})}
        for group in described.get("PropertyGroupDescriptions") or []
    ]


def source_stream(application: Mapping[str, Any]) -> str:
    """Give the ARN of the stream that the application reads, empty where its properties name none."""
    arns = (group["PropertyMap"].get("clicks.stream.arn") for group in property_groups(application))
    return next((str(arn) for arn in arns if arn), "")


def snapshots_skipped(application: Mapping[str, Any]) -> bool:
    """Tell whether the last start asked for a fresh beginning (SKIP_RESTORE_FROM_SNAPSHOT)."""
    run = _configuration(application).get("RunConfigurationDescription") or {}
    restore = run.get("ApplicationRestoreConfigurationDescription") or {}
    return bool(restore.get("ApplicationRestoreType") == "SKIP_RESTORE_FROM_SNAPSHOT")


def unpack(application: Mapping[str, Any], archive: bytes, folder: Path) -> Path:
    """Lay an application out in `folder` and give its entry point.

    Args:
        application: an ApplicationDetail.
        archive: the bytes of its zip.
        folder: an empty folder; the code goes to `code` in it, the properties to `application_properties.json`.

    Returns:
        Path of the Python file to run.

    Raises:
        OperatorError: where the runtime, the zip or the named entry point is not one that can be run.
    """
    runtime = application.get("RuntimeEnvironment", "")
    if runtime not in RUNTIMES:
        raise OperatorError(f"RuntimeEnvironment is {runtime}; the local cloud runs {', '.join(RUNTIMES)}")
    groups = property_groups(application)
    options = [group["PropertyMap"] for group in groups if group["PropertyGroupId"] == RUN_OPTIONS]
    entry = options[0].get("python") if options else None
    if not entry:
        raise OperatorError(f"property group {RUN_OPTIONS} has no key python: name the entry point in the zip")
    code = folder / "code"
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
            zipped.extractall(code)
    except zipfile.BadZipFile as cause:
        raise OperatorError(f"the application's code is not a zip file: {cause}") from cause
    script = (code / str(entry)).resolve()
    if not script.is_relative_to(code.resolve()) or not script.is_file():
        raise OperatorError(f"property {RUN_OPTIONS}/python is {entry}, which is not in the application's zip")
    (folder / "application_properties.json").write_text(json.dumps(groups))
    return script


def _configuration(application: Mapping[str, Any]) -> Mapping[str, Any]:
    return application.get("ApplicationConfigurationDescription") or {}
