"""Labelled faults as CSV: `start,end,kind` with a header."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from cutwatch.clickstream.files import create, open_text
from cutwatch.clickstream.scenario import Fault
from cutwatch.detection.codec import format_time, parse_time
from cutwatch.detection.evaluation import Label
from cutwatch.errors import DataError

HEADER = ("start", "end", "kind")


def read_labels(path: str) -> tuple[Label, ...]:
    """Read labels; columns are taken by name, `kind` may be missing, a time without a zone is UTC. Raises DataError."""
    labels = []
    with open_text(path) as text:
        reader = csv.DictReader(text, skipinitialspace=True)
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        for name in HEADER[:2]:
            if name not in reader.fieldnames:
                raise DataError(f"{path}, line 1: there is no column {name!r}; wanted: {','.join(HEADER)}")
        for row in reader:
            if not any((value or "").strip() for value in row.values() if isinstance(value, str)):
                continue
            try:
                start, end = (parse_time((row[name] or "").strip()) for name in HEADER[:2])
            except ValueError as cause:
                raise DataError(f"{path}, line {reader.line_num}: {cause}; allowed: ISO-8601 times") from cause
            if end <= start:
                raise DataError(f"{path}, line {reader.line_num}: the end is not after the start")
            labels.append(Label(start, end, (row.get("kind") or "").strip()))
    return tuple(labels)


def write_labels(path: str, faults: Iterable[Fault]) -> None:
    """Write a generated clickstream's faults as labels."""
    with create(path) as file:
        lines = [HEADER, *((format_time(fault.start), format_time(fault.end), fault.kind) for fault in faults)]
        file.write("".join(",".join(line) + "\n" for line in lines).encode())


def as_labels(faults: Iterable[Fault]) -> tuple[Label, ...]:
    """A generated clickstream's faults as labels."""
    return tuple(Label(fault.start, fault.end, fault.kind) for fault in faults)
