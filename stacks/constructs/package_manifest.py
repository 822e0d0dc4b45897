"""What the application's package says of itself."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass

from cutwatch.errors import OperatorError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Connector:
    """The Kinesis connector inside a package.

    Attributes:
        file: Its path in the zip.
        sha256: Of the jar.
    """

    file: str
    sha256: str


def read_connector(package: str) -> Connector | None:
    """Read which connector a package holds; None for one without, which runs in the local cloud only.

    Args:
        package: Path of the zip.

    Raises:
        OperatorError: There is no such zip, or it is not one of ours.
    """
    try:
        with zipfile.ZipFile(package) as zipped:
            found = json.loads(zipped.read(MANIFEST)).get("connector")
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise OperatorError(f"{package} is not the application's package ({error}): run `make package`") from None
    return None if found is None else Connector(file=found["file"], sha256=found["sha256"])
