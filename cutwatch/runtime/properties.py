"""The application's properties, from the file that Managed Flink lays beside an application. Parsed once, typed.

See AWS's guide, "Use runtime properties in Managed Service for Apache Flink": the file is a list of groups
`{"PropertyGroupId": ..., "PropertyMap": {key: text}}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from cutwatch.detection.records import DEFAULT_SERIES, DETECTORS, DetectorName
from cutwatch.errors import OperatorError

GROUP = "cutwatch.application"

EngineName = Literal["embedded", "flink"]
ENGINES: tuple[EngineName, ...] = ("embedded", "flink")

WINDOW_SECONDS, ROW_SECONDS = 60, 600

T = TypeVar("T")
_STREAM_ARN = re.compile(r"arn:aws[a-z-]*:kinesis:[a-z0-9-]+:\d{12}:stream/[A-Za-z0-9_.-]{1,128}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d")
_FILE = re.compile(r"(?!.*\.\.)[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_NAME = re.compile(r"[^\x00-\x1f]{1,256}")


@dataclass(frozen=True)
class ApplicationProperties:
    """What the deployment tells the application.

    Attributes:
        sql_file: the SQL program, in the package's `kda_sql` folder.
        application_file: the application's description (`InputSchema`, `Outputs`), in the same folder.
        clicks_stream_arn: the stream that is read.
        scores_stream_arn: gets a score record for each row of the first output.
        windows_stream_arn: gets the rows of the second output; None leaves them out.
        errors_stream_arn: gets the rows of the error stream.
        region: of streams and bucket.
        seed: of the forests.
        allowed_lateness_seconds: how far a row may come behind the newest one.
        max_ahead_seconds: how far a row's time may lie ahead of its arrival.
        detector: name of the detector in score records.
        series: key of the series in score records.
        window_seconds: length of the windows that are scored, `score_seconds` in the SQL.
        row_seconds: length of the longer windows, `row_seconds` in the SQL.
        state_bucket: bucket of the saved state.
        state_prefix: prefix of its keys, ending in a slash or empty.
        engine: the engine that runs the SQL.
        checkpoint_interval_seconds: time between saved states.
    """

    sql_file: str
    application_file: str
    clicks_stream_arn: str
    scores_stream_arn: str
    windows_stream_arn: str | None
    errors_stream_arn: str
    region: str
    seed: int
    allowed_lateness_seconds: float
    max_ahead_seconds: float
    detector: DetectorName
    series: str
    window_seconds: int
    row_seconds: int
    state_bucket: str
    state_prefix: str
    engine: EngineName
    checkpoint_interval_seconds: float


def parse_properties(text: str | bytes, *, engine: str | None = None) -> ApplicationProperties:
    """Parse the properties file.

    Args:
        text: the file.
        engine: the engine that whoever starts the application asks for; it goes before the property `engine`.

    Raises:
        OperatorError: in one sentence naming the key, its value and what is allowed.

    Example:
        parse_properties(Path("/etc/flink/application_properties.json").read_bytes())
    """
    given = _Given(_group(text))
    named = {"engine": engine} if engine is not None else {}
    properties = ApplicationProperties(
        sql_file=given.text("sql.file", _FILE, "a file name such as clickstream.sql"),
        application_file=given.text("application.file", _FILE, "a file name such as application.json"),
        clicks_stream_arn=given.stream("clicks.stream.arn"),
        scores_stream_arn=given.stream("scores.stream.arn"),
        windows_stream_arn=given.stream("windows.stream.arn") if "windows.stream.arn" in given else None,
        errors_stream_arn=given.stream("errors.stream.arn"),
        region=given.text("region", _REGION, "a region such as eu-west-1"),
        seed=given.number("seed", int, 0, 2**63 - 1, default=0),
        allowed_lateness_seconds=given.number("allowed.lateness.seconds", float, 0, 86_400),
        max_ahead_seconds=given.number("max.ahead.seconds", float, 0, 86_400, default=300.0),
        detector=given.choice("detector", DETECTORS, default="kinesis_rcf"),
        series=given.text("series", _NAME, "1 to 256 characters", default=DEFAULT_SERIES),
        window_seconds=given.number("window.seconds", int, 1, 86_400, default=WINDOW_SECONDS),
        row_seconds=given.number("row.seconds", int, 1, 86_400, default=ROW_SECONDS),
        state_bucket=given.text("state.bucket", _BUCKET, "a bucket's name"),
        state_prefix=_folder(given.text("state.prefix", re.compile(r"[^\x00-\x1f]{0,512}"), "a prefix", default="")),
        engine=_Given(given.values | named).choice("engine", ENGINES, default="flink"),
        checkpoint_interval_seconds=given.number("checkpoint.interval.seconds", float, 0.1, 3_600, default=10.0),
    )
    given.refuse_unknown({"engine"})
    return properties


class _Given:
    """The keys of a property group, each taken once."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = dict(values)
        self._known: set[str] = set()

    def __contains__(self, key: str) -> bool:
        self._known.add(key)
        return key in self.values

    def text(self, key: str, form: re.Pattern[str], allowed: str, *, default: str | None = None) -> str:
        value = self._take(key, default)
        if not form.fullmatch(value):
            raise _refusal(key, value, allowed)
        return value

    def stream(self, key: str) -> str:
        return self.text(key, _STREAM_ARN, "a stream's ARN, arn:aws:kinesis:REGION:ACCOUNT:stream/NAME")

    def number(self, key: str, kind: Callable[[str], T], low: float, high: float, *, default: T | None = None) -> T:
        text = self._take(key, None if default is None else str(default))
        what = "a whole number" if kind is int else "a number"
        try:
            value = kind(text)
        except ValueError as cause:
            raise _refusal(key, text, f"{what} from {low:g} to {high:g}") from cause
        if not low <= cast("float", value) <= high:
            raise _refusal(key, text, f"{what} from {low:g} to {high:g}")
        return value

    def choice(self, key: str, allowed: tuple[T, ...], *, default: T) -> T:
        value = self._take(key, str(default))
        for name in allowed:
            if value == name:
                return name
        raise _refusal(key, value, ", ".join(map(str, allowed)))

    def refuse_unknown(self, also_known: set[str]) -> None:
        known = self._known | also_known
        for key, value in self.values.items():
            if key not in known:
                raise _refusal(key, value, f"no such key, but {', '.join(sorted(known))}")

    def _take(self, key: str, default: str | None) -> str:
        self._known.add(key)
        if key in self.values:
            return self.values[key]
        if default is None:
            raise OperatorError(f"property group {GROUP}: {key} is missing")
        return default


def _group(text: str | bytes) -> Mapping[str, str]:
    try:
        groups: Any = json.loads(text)
    except ValueError as cause:
        raise OperatorError(f"the application's properties are not JSON: {cause}") from cause
    if not isinstance(groups, list):
        raise OperatorError("the application's properties are not a list of property groups")
    found = [group for group in groups if isinstance(group, Mapping) and group.get("PropertyGroupId") == GROUP]
    if len(found) != 1:
        raise OperatorError(f"the application's properties have {len(found)} groups {GROUP}; exactly one is needed")
    values = found[0].get("PropertyMap")
    if not isinstance(values, Mapping) or not all(isinstance(value, str) for value in values.values()):
        raise OperatorError(f"property group {GROUP}: PropertyMap must be an object of texts")
    return values


def _folder(prefix: str) -> str:
    return prefix if not prefix or prefix.endswith("/") else prefix + "/"


def _refusal(key: str, value: str, allowed: str) -> OperatorError:
    return OperatorError(f"property group {GROUP}: {key} is {value!r}; allowed: {allowed}")
