"""Aggregates that rows can enter and leave, for sliding windows. Sums are exact, so that the path does not matter.

A running sum of floating point numbers that others leave again drifts, and depends on what has passed through. Here
sums are kept as fractions (every double is one), which is exact; only the result is rounded, once.
"""

from __future__ import annotations

from collections import Counter, deque
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from cutwatch.sql.program import AggregateSpec
from cutwatch.sql.types import SqlType


class Accumulator(Protocol):
    """Values of one window; the first that entered is the first to leave. NULLs are never passed in."""

    def enter(self, value: Any) -> None:
        """A value comes into the window."""

    def leave(self, value: Any) -> None:
        """The oldest value leaves."""

    def result(self) -> Any:
        """The aggregate of the values inside."""


class _Count:
    def __init__(self) -> None:
        self._count = 0

    def enter(self, value: Any) -> None:  # noqa: ARG002
        self._count += 1

    def leave(self, value: Any) -> None:  # noqa: ARG002
        self._count -= 1

    def result(self) -> int:
        return self._count


class _Moments:
    """Count, sum and sum of squares, exact."""

    def __init__(self, function: str, kind: SqlType) -> None:
        self._function, self._kind = function, kind
        self._count, self._sum, self._squares = 0, Fraction(0), Fraction(0)
        self._squared = function not in ("SUM", "AVG")

    def enter(self, value: Any) -> None:
        self._add(value, 1)

    def leave(self, value: Any) -> None:
        self._add(value, -1)

    def _add(self, value: Any, sign: int) -> None:
        exact = Fraction(value)
        self._count += sign
        self._sum += sign * exact
        if self._squared:
            self._squares += sign * exact * exact

    def result(self) -> Any:
        least = 2 if self._function.endswith("_SAMP") else 1
        if self._count < least:
            return None
        return _typed(self._sum if self._function == "SUM" else self._mean_or_spread(), self._kind)

    def _mean_or_spread(self) -> Fraction | float:
        if self._function == "AVG":
            return self._sum / self._count
        spread = self._squares - self._sum * self._sum / self._count
        variance = spread / (self._count - 1 if self._function.endswith("_SAMP") else self._count)
        return _double(variance) ** 0.5 if self._function.startswith("STDDEV") else variance


def _double(value: Fraction | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _typed(value: Fraction | float, kind: SqlType) -> Any:
    if kind.is_integer:
        return int(value)  # cut towards zero
    if kind.is_approximate:
        return _double(value)
    exact = Fraction(value)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1).scaleb(-kind.scale))


class _Extreme:
    """MIN or MAX: only values that can still become it are kept, in falling order of promise."""

    def __init__(self, *, largest: bool) -> None:
        self._largest = largest
        self._candidates: deque[Any] = deque()

    def enter(self, value: Any) -> None:
        while self._candidates and (self._candidates[-1] < value if self._largest else self._candidates[-1] > value):
            self._candidates.pop()
        self._candidates.append(value)

    def leave(self, value: Any) -> None:
        if self._candidates and self._candidates[0] == value:
            self._candidates.popleft()

    def result(self) -> Any:
        return self._candidates[0] if self._candidates else None


class _Edge:
    """FIRST_VALUE or LAST_VALUE."""

    def __init__(self, *, last: bool) -> None:
        self._index = -1 if last else 0
        self._values: deque[Any] = deque()

    def enter(self, value: Any) -> None:
        self._values.append(value)

    def leave(self, value: Any) -> None:  # noqa: ARG002
        self._values.popleft()

    def result(self) -> Any:
        return self._values[self._index] if self._values else None


class _Distinct:
    """Passes on a value when its first one enters and when its last one leaves."""

    def __init__(self, inner: Accumulator) -> None:
        self._inner = inner
        self._counts: Counter[Any] = Counter()

    def enter(self, value: Any) -> None:
        self._counts[value] += 1
        if self._counts[value] == 1:
            self._inner.enter(value)

    def leave(self, value: Any) -> None:
        self._counts[value] -= 1
        if not self._counts[value]:
            del self._counts[value]
            self._inner.leave(value)

    def result(self) -> Any:
        return self._inner.result()


def accumulator(call: AggregateSpec) -> Accumulator:
    """An empty accumulator for a call."""
    made: Accumulator
    match call.function:
        case "COUNT":
            made = _Count()
        case "MIN" | "MAX":
            return _Extreme(largest=call.function == "MAX")  # a value twice changes nothing
        case "FIRST_VALUE" | "LAST_VALUE":
            return _Edge(last=call.function == "LAST_VALUE")
        case _:
            made = _Moments(call.function, call.type)
    return _Distinct(made) if call.distinct else made
