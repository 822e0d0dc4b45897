"""Checks of what a forest is given: only finite numbers ever reach a model."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutwatch.errors import DataError, DeveloperError

LARGEST = 1e304
"""The largest magnitude that a value may have: sums of 900 differences of such values stay finite."""

_NUMERIC_KINDS = "iuf"
_PLAIN_NUMBERS = frozenset((float, int))


def as_rows(rows: ArrayLike, columns: int) -> NDArray[np.float64]:
    """Turn records into a contiguous array of float64, shape (n, columns).

    Whole numbers beyond 2^53 are rounded to the nearest double. That the values are finite is left to `refuse`.

    Args:
        rows: records, shape (n, columns); with one column also (n,).
        columns: how many numbers a record has.

    Raises:
        DataError: when a value is not a number.
        DeveloperError: when the shape is another.
    """
    if type(rows) is np.ndarray and rows.dtype == np.float64:
        array: NDArray[np.float64] = rows
    else:
        array = _numbers(rows)
    if array.ndim == 1 and (columns == 1 or not len(array)):
        array = array.reshape(-1, columns)
    if array.ndim != 2 or array.shape[1] != columns:
        raise DeveloperError(f"rows must have the shape (n, {columns}), not {array.shape}.")
    return np.ascontiguousarray(array)


def _numbers(rows: ArrayLike) -> NDArray[np.float64]:
    given = np.asarray(rows, dtype=None if hasattr(rows, "__array__") else object)
    if given.dtype.kind in _NUMERIC_KINDS:
        with np.errstate(over="ignore"):  # a wider float may become infinite here, and is refused as that
            return given.astype(np.float64)
    listed = given.astype(object)
    types = set(map(type, listed.flat))
    if types & {list, tuple, np.ndarray}:
        raise DeveloperError("rows must all have the same number of values.")
    if _PLAIN_NUMBERS.issuperset(types):
        try:
            return listed.astype(np.float64)
        except OverflowError:  # a whole number beyond all doubles: found and refused below
            pass
    values = np.empty(listed.shape)
    for place in np.ndindex(listed.shape):
        values[place] = _number(listed[place], place)
    return values


def _number(value: object, place: tuple[int, ...]) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise DataError(f"{_where(place)}: {value!r} is not a number.")
    try:
        return float(value)
    except OverflowError:  # a whole number beyond all doubles
        return float("inf")


def one_row(row: Sequence[float], columns: int) -> list[float]:
    """Turn one record into floats.

    Raises:
        DataError: when a value is not a number.
        DeveloperError: when there are more or fewer values than columns.
    """
    if len(row) != columns:
        raise DeveloperError(f"a row must have {columns} values, not {len(row)}.")
    return [value if type(value) is float else _number(value, (0, column)) for column, value in enumerate(row)]


def refuse(value: float, row: int, column: int) -> DataError:
    """Say in one sentence why a value cannot enter a forest."""
    where = _where((row, column))
    if np.isfinite(value):
        return DataError(f"{where}: {value!r} is larger than the {LARGEST:g} that a forest takes.")
    return DataError(f"{where}: {'no value' if np.isnan(value) else repr(value)} where a finite number is needed.")


def _where(place: tuple[int, ...]) -> str:
    row, column = (*place, 0, 0)[:2]
    return f"row {row}, column {column}"


def acceptable_rows(rows: ArrayLike) -> NDArray[np.bool_]:
    """Tell which records a forest would take, shape (n,), for callers that sort bad records out first.

    Args:
        rows: shape (n, columns). Missing values (None) and values of any other type than a number are not acceptable.

    Example:
        >>> acceptable_rows([[1, 2], [float("nan"), 2], [None, 2], ["x", 2], [3, 1e300]]).tolist()
        [True, False, False, False, True]
    """
    given = np.asarray(rows, dtype=None if hasattr(rows, "__array__") else object)
    if given.dtype.kind in _NUMERIC_KINDS:
        values = given.astype(np.float64)
    else:
        values = np.array([_acceptable(value) for value in given.flat], np.float64).reshape(given.shape)
    if not len(values):
        return np.empty(0, np.bool_)
    return np.asarray(np.all(np.abs(values.reshape(len(values), -1)) <= LARGEST, axis=1))


def _acceptable(value: object) -> float:
    try:
        return _number(value, ())
    except DataError:
        return float("nan")
