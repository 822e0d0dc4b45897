"""Frozen dataclasses to JSON and back, strictly: one mechanism for settings, states and incidents.

Standard library only, because the functions on AWS import it. What a field may hold is read from its annotation:
`bool`, `int`, `float`, `str`, `datetime`, `Literal`, `X | None`, `tuple[X, ...]`, `tuple[X, Y]`, `Mapping[str, X]`,
another dataclass, a NamedTuple, or `object` for plain JSON.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from cutwatch.errors import CutwatchError

T = TypeVar("T")


def to_plain(value: object) -> Any:
    """Turn a value made of dataclasses, mappings, tuples, datetimes and scalars into what `json.dumps` takes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return format_time(value) if isinstance(value, datetime) else value


def format_time(value: datetime) -> str:
    """Format an aware time in UTC as `2020-07-15T10:10:00Z`, with a fraction only where there is one."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Parse an ISO-8601 time; without a zone it is UTC. Raises ValueError."""
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def loads(text: str | bytes, kind: type[T], *, what: str, error: type[CutwatchError]) -> T:
    """Parse JSON into `kind`; `what` names the whole in messages ("settings"), `error` is the class raised."""
    try:
        data = json.loads(text)
    except ValueError as cause:
        raise error(f"the {what} are not JSON: {cause}") from cause
    return from_plain(data, kind, what=what, error=error)


def from_plain(data: object, kind: type[T], *, what: str, error: type[CutwatchError]) -> T:
    """Build `kind` from plain JSON data. Raises `error` naming the key, its value and what is allowed."""
    result: T = _Decoder(what, error).decode(kind, data, "")
    return result


class _Decoder:
    """One decoding: knows what to call the whole and which error to raise."""

    def __init__(self, what: str, error: type[CutwatchError]) -> None:
        self.what, self.error = what, error

    def refuse(self, key: str, value: object, allowed: str) -> CutwatchError:
        shown = json.dumps(value, default=str)
        shown = shown if len(shown) <= 80 else shown[:77] + "..."
        return self.error(f"{self.what}: {key or 'the whole'} is {shown}; allowed: {allowed}")

    def decode(self, kind: Any, data: object, key: str) -> Any:
        if dataclasses.is_dataclass(kind):
            return self.instance(kind, data, key)
        if kind in _SCALARS:
            return self.scalar(kind, data, key)
        if isinstance(kind, type) and issubclass(kind, tuple):  # a NamedTuple, written as a list
            hints = get_type_hints(kind)
            return kind(*self.sequence(tuple(hints.values()), data, key))
        origin, arguments = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            if data is None and type(None) in arguments:
                return None
            (kept,) = (argument for argument in arguments if argument is not type(None))
            return self.decode(kept, data, key)
        if origin is Literal:
            if data not in arguments:
                raise self.refuse(key, data, ", ".join(map(str, arguments)))
            return data
        if origin is tuple:
            return self.sequence(arguments, data, key)
        if origin in (Mapping, dict):
            return self.mapping(arguments, data, key)
        return data

    def scalar(self, kind: type, data: object, key: str) -> object:
        name, parse = _SCALARS[kind]
        try:
            return parse(data)
        except (TypeError, ValueError) as cause:
            raise self.refuse(key, data, name) from cause

    def sequence(self, arguments: tuple[Any, ...], data: object, key: str) -> tuple[Any, ...]:
        if not isinstance(data, list | tuple):
            raise self.refuse(key, data, "a list")
        if arguments[-1] is Ellipsis:
            return tuple(self.decode(arguments[0], item, f"{key}[{at}]") for at, item in enumerate(data))
        if len(arguments) != len(data):
            raise self.refuse(key, data, f"a list of {len(arguments)}")
        pairs = zip(arguments, data, strict=True)
        return tuple(self.decode(argument, item, f"{key}[{at}]") for at, (argument, item) in enumerate(pairs))

    def mapping(self, arguments: tuple[Any, ...], data: object, key: str) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise self.refuse(key, data, "an object")
        keys, values = arguments
        return {
            self.decode(keys, name, key): self.decode(values, item, _join(key, name)) for name, item in data.items()
        }

    def instance(self, kind: Any, data: object, key: str) -> Any:
        hints = _hints(kind)
        if not isinstance(data, Mapping):
            raise self.refuse(key, data, f"an object with {', '.join(hints)}")
        for name, value in data.items():
            if name not in hints:
                raise self.refuse(_join(key, name), value, f"no such key, but {', '.join(hints)}")
        given = {name: self.decode(hints[name], value, _join(key, name)) for name, value in data.items()}
        try:
            return kind(**given)
        except TypeError as cause:
            missing = [field.name for field in dataclasses.fields(kind) if _required(field) and field.name not in given]
            raise self.refuse(_join(key, missing[0]) if missing else key, None, "a value, it is required") from cause
        except RefusedValueError as cause:
            raise self.refuse(_join(key, cause.name), cause.value, cause.allowed) from cause


class RefusedValueError(ValueError):
    """Raised by a dataclass's `__post_init__`: field `name` has `value`, and `allowed` says what it may hold."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"{name} is {value!r}; allowed: {allowed}")
        self.name, self.value, self.allowed = name, value, allowed


def check_bounds(instance: Any) -> None:
    """Refuse fields outside the `minimum` and `maximum` of their metadata; None passes."""
    for field in dataclasses.fields(instance):
        value = getattr(instance, field.name)
        low, high = field.metadata.get("minimum", -math.inf), field.metadata.get("maximum", math.inf)
        if isinstance(value, int | float) and not low <= value <= high:
            bounds = [f"at least {low:g}"] * (low > -math.inf) + [f"at most {high:g}"] * (high < math.inf)
            raise RefusedValueError(field.name, value, " and ".join(bounds))


def bounded(default: Any, minimum: float = -math.inf, maximum: float = math.inf) -> Any:
    """Declare a dataclass field with a default and bounds for `check_bounds`."""
    return dataclasses.field(default=default, metadata={"minimum": minimum, "maximum": maximum})


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _plain(kind: type) -> Callable[[object], object]:
    def parse(data: object) -> object:
        if type(data) is not kind:
            raise TypeError(kind.__name__)
        return data

    return parse


def _number(data: object) -> float:
    if isinstance(data, bool) or not isinstance(data, int | float) or not math.isfinite(data):
        raise TypeError("number")
    return float(data)


def _time(data: object) -> datetime:
    if not isinstance(data, str):
        raise TypeError("time")
    return parse_time(data)


_SCALARS: dict[type, tuple[str, Callable[[object], object]]] = {
    bool: ("true or false", _plain(bool)),
    int: ("a whole number", _plain(int)),
    float: ("a number", _number),
    str: ("a text", _plain(str)),
    datetime: ("a time such as 2020-07-15T10:10:00Z", _time),
}
