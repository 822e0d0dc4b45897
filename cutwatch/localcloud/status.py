"""What the local cloud tells about itself: how far behind its consumers of streams are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

PATH = "/_cutwatch/status"


@dataclass(frozen=True)
class MappingStatus:
    """One Kinesis event source mapping.

    Attributes:
        function: the function it invokes.
        stream: the stream it reads.
        behind: records not yet worked off.
        in_flight: whether an invocation is going on.
    """

    function: str
    stream: str
    behind: int
    in_flight: bool


@dataclass(frozen=True)
class ApplicationStatus:
    """One analytics application.

    Attributes:
        name: its name.
        status: as DescribeApplication tells it, such as `RUNNING`.
        behind: records of its source not yet reflected in its outputs.
        restarts: how often its job was started again after a crash.
        failure: why its last start failed or its job was given up; empty where nothing failed.
    """

    name: str
    status: str
    behind: int
    restarts: int
    failure: str


@dataclass(frozen=True)
class Status:
    """All consumers of streams in the local cloud."""

    mappings: tuple[MappingStatus, ...]
    applications: tuple[ApplicationStatus, ...]

    @property
    def drained(self) -> bool:
        """Whether every mapping and every application that is not stopped has worked off its stream."""
        mappings = all(mapping.behind == 0 and not mapping.in_flight for mapping in self.mappings)
        going = (application for application in self.applications if application.status != "READY")
        return mappings and all(one.status == "RUNNING" and one.behind == 0 for one in going)

    def to_json(self) -> str:
        """Write it; `parse_status` reads it."""
        return json.dumps(asdict(self))


def parse_status(text: str | bytes) -> Status:
    """Read what `Status.to_json` wrote."""
    data = json.loads(text)
    return Status(
        mappings=tuple(MappingStatus(**one) for one in data["mappings"]),
        applications=tuple(ApplicationStatus(**one) for one in data["applications"]),
    )
