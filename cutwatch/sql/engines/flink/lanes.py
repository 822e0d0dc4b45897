"""How a program is spread: by the value of one source column, where all that it remembers is kept by that column.

A lane holds the rows of some of the values and runs the whole program over them. That gives the same rows as one engine
for all where no step looks at rows of several values together: every window groups by the column, every sliding window
and forest is partitioned by it, and nothing is sorted. Else there is one lane.
"""

from __future__ import annotations

import zlib
from typing import Any

from cutwatch.sql.expressions import ColumnRef
from cutwatch.sql.program import ERROR_STREAM, Aggregate, Filter, Forest, Program, Project, Pump, Slide, Sort, Step

LANES = 16
"""So many lanes a partitioned program has, and up to so many slots work on it. State is kept by lane, so the number
stays as it is."""

MAX_PARALLELISM = 128
"""Flink's key groups; saved state is bound to the number."""


def partition_column(program: Program, source: str) -> int | None:
    """The column of the source stream by whose value the program can be spread, or None."""
    if not any(isinstance(step, Aggregate | Slide | Forest) for pump in program.pumps for step in pump.steps):
        return None
    columns = program.stream(source).columns
    candidates = (index for index, column in enumerate(columns) if not column.hidden)
    return next((index for index in candidates if _spreads(program, source, index)), None)


def _spreads(program: Program, source: str, column: int) -> bool:
    carriers: dict[str, frozenset[int]] = {source: frozenset((column,))}
    for pump in program.pumps:
        if pump.source == ERROR_STREAM:
            return False
        found = _through(pump, carriers.get(pump.source, frozenset()))
        if found is None:
            return False
        carriers[pump.target] = found & carriers.get(pump.target, found)
    return True


def _through(pump: Pump, carriers: frozenset[int]) -> frozenset[int] | None:
    """The columns that hold the value behind all steps; None where a step mixes values."""
    for step in pump.steps:
        if not _keeps_apart(step, carriers):
            return None
        if isinstance(step, Project):
            carriers = frozenset(
                index
                for index, expression in enumerate(step.expressions)
                if isinstance(expression, ColumnRef) and expression.index in carriers
            )
        elif isinstance(step, Aggregate):
            carriers = frozenset(index for index in carriers if index < step.key_count)
    return carriers


def _keeps_apart(step: Step, carriers: frozenset[int]) -> bool:
    match step:
        case Filter() | Project():
            return True
        case Aggregate(key_count=count):
            return any(index < count for index in carriers)
        case Slide(calls=calls):
            return all(carriers.intersection(call.partition_by) for call in calls)
        case Forest(key=key):
            return key in carriers
        case Sort():
            return False


def lane_of(value: Any) -> int:
    """The lane of a value: the same on every machine and in every release."""
    return zlib.crc32(str(value).encode()) % LANES


def lane_keys(count: int = LANES) -> list[int]:
    """Keys for the lanes whose key groups lie evenly, so that any number of slots gets about as many lanes each."""
    wanted = [(2 * lane + 1) * MAX_PARALLELISM // (2 * count) for lane in range(count)]
    keys: dict[int, int] = {}
    number = 0
    while len(keys) < count:
        group = key_group(number)
        if group in wanted:
            keys.setdefault(group, number)
        number += 1
    return [keys[group] for group in wanted]


def key_group(key: int) -> int:
    """The key group that Flink gives a whole number: its 32-bit MurmurHash3 modulo the key groups."""
    code = _rotated(key * 0xCC9E2D51, 15) * 0x1B873593
    code = _rotated(code, 13) * 5 + 0xE6546B64
    code = (code & 0xFFFFFFFF) ^ 4
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        code = ((code ^ (code >> shift)) * factor) & 0xFFFFFFFF
    signed = code - 2**32 if code >= 2**31 else code
    return abs(signed) % MAX_PARALLELISM


def _rotated(value: int, bits: int) -> int:
    value &= 0xFFFFFFFF
    return (value << bits | value >> (32 - bits)) & 0xFFFFFFFF
