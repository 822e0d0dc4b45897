"""A compiled program: what every engine runs.

Rows flow from sources through pumps into streams. A pump reads one stream, takes each row through its steps in order,
and inserts what comes out into one stream. Every row has a ROWTIME, and every stream is in the order of it.

How time goes (all engines agree on this):

- A source puts its records in the order of their event time within the allowed lateness; what comes later than that is
  a bad row. The watermark is the time before which no row can come any more.
- Filter, Project, Slide and Forest keep a row's ROWTIME. A window's rows carry the time at which the window ends.
- A row of a window that ends at T stands before a row of time T.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cutwatch.sql.expressions import Expr, Frame
from cutwatch.sql.types import TIMESTAMP, SqlType, parse_type

ERROR_STREAM = "error_stream"
ARRIVAL_TIME = "APPROXIMATE_ARRIVAL_TIME"
SCORE_COLUMN = "ANOMALY_SCORE"
EXPLANATION_COLUMN = "ANOMALY_EXPLANATION"


@dataclass(frozen=True)
class Column:
    """A column of a stream. A hidden one is there by name but not part of `*`."""

    name: str
    type: SqlType
    not_null: bool = False
    hidden: bool = False


Columns = tuple[Column, ...]


@dataclass(frozen=True)
class Filter:
    """Keeps the rows for which the predicate is true."""

    predicate: Expr
    columns: Columns


@dataclass(frozen=True)
class Project:
    """Computes each column anew. A row whose expression fails goes to the error stream."""

    expressions: tuple[Expr, ...]
    columns: Columns


@dataclass(frozen=True)
class TumblingWindow:
    """[n·size, (n+1)·size) since 1970 UTC; emitted at its end, also with ROWTIME = its end."""

    size_ms: int


@dataclass(frozen=True)
class StaggerWindow:
    """Opens for a key with its first row at T; holds the rows of [T, T+length); emitted at its end, as above."""

    length_ms: int


@dataclass(frozen=True)
class AggregateSpec:
    """One aggregate; `argument` is the input column, None for COUNT(*)."""

    function: str
    distinct: bool
    argument: int | None
    type: SqlType


@dataclass(frozen=True)
class Aggregate:
    """Groups rows by window and by the first `key_count` input columns.

    Output columns: the keys, then (tumbling only) the window's start, then the aggregates. Groups of one window come in
    the order of their first rows.
    """

    window: TumblingWindow | StaggerWindow
    key_count: int
    calls: tuple[AggregateSpec, ...]
    columns: Columns


@dataclass(frozen=True)
class SlideSpec:
    """One aggregate over a sliding window of the rows with the same `partition_by` columns."""

    aggregate: AggregateSpec
    partition_by: tuple[int, ...]
    frame: Frame


@dataclass(frozen=True)
class Slide:
    """Appends one column per call: the aggregate over the rows up to this one.

    A RANGE frame of length L at a row of time T holds the rows of (T-L, T], those of the same T included, whether they
    come before or after it. A ROWS frame of n holds the row and the n before it.
    """

    calls: tuple[SlideSpec, ...]
    columns: Columns


@dataclass(frozen=True)
class SortKey:
    """One sort key: an input column."""

    index: int
    descending: bool
    nulls_first: bool


@dataclass(frozen=True)
class Sort:
    """Sorts the rows of each `unit_ms` of time by the keys; rows that tie keep their order.

    Rows come out at the end of the unit with that time as ROWTIME. With `unit_ms` None only rows of the very same time
    are sorted, and nothing waits. Input columns beyond `columns` are keys only and fall away.
    """

    unit_ms: int | None
    keys: tuple[SortKey, ...]
    columns: Columns


@dataclass(frozen=True)
class Forest:
    """RANDOM_CUT_FOREST: appends ANOMALY_SCORE (and ANOMALY_EXPLANATION).

    Attributes:
        scored: input columns that are scored, in order.
        key: input column whose every value has a forest of its own, or None for one forest.
        trees: numberOfTrees, as sub_sample_size, time_decay (records) and shingle_size are the function's arguments.
        explained: whether ANOMALY_EXPLANATION is appended.
        directed: whether the explanation tells DIRECTION and STRENGTH.
    """

    scored: tuple[int, ...]
    key: int | None
    trees: int
    sub_sample_size: int
    time_decay: int
    shingle_size: int
    explained: bool
    directed: bool
    columns: Columns


Step = Filter | Project | Aggregate | Slide | Sort | Forest


@dataclass(frozen=True)
class Stream:
    """A stream of the application. `is_source` ones are filled from outside."""

    name: str
    columns: Columns
    is_source: bool = False


@dataclass(frozen=True)
class Pump:
    """Reads `source`, takes rows through `steps`, inserts into `target`, whose columns the last step has."""

    name: str
    source: str
    steps: tuple[Step, ...]
    target: str


@dataclass(frozen=True)
class Program:
    """A compiled program. Pumps are in an order in which each comes after those that fill what it reads."""

    streams: tuple[Stream, ...]
    pumps: tuple[Pump, ...]

    def stream(self, name: str) -> Stream:
        """The stream of that name; KeyError where there is none."""
        for stream in self.streams:
            if stream.name == name:
                return stream
        raise KeyError(name)

    @property
    def sources(self) -> tuple[Stream, ...]:
        """The streams that are filled from outside."""
        return tuple(stream for stream in self.streams if stream.is_source)

    def fingerprint(self) -> str:
        """A short text that changes with what the program does, not with how it is written."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]


def error_stream() -> Stream:
    """The error stream: the columns that AWS's developer guide gives it."""
    texts = {"ERROR_LEVEL": 10, "ERROR_NAME": 32, "MESSAGE": 4096, "DATA_ROW": 49_152, "PUMP_NAME": 128}
    names = ("ERROR_TIME", "ERROR_LEVEL", "ERROR_NAME", "MESSAGE", "DATA_ROWTIME", "DATA_ROW", "PUMP_NAME")
    kinds = {name: parse_type(f"VARCHAR({texts[name]})") if name in texts else TIMESTAMP for name in names}
    return Stream(ERROR_STREAM, tuple(Column(name, kind) for name, kind in kinds.items()))
