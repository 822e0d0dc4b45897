"""Checks requests against AWS's own description of its API, which botocore carries.

The SDK checks types before it sends; Step Functions and the CLI's `--cli-input-json` do not, and nobody but the
service checks lengths, patterns and choices.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session

from cutwatch.localcloud.sagemaker.errors import invalid

_MOST_SHOWN = 10


@functools.cache
def _service() -> Any:
    return botocore.session.get_session().get_service_model("sagemaker")


def check(action: str, request: Any) -> Mapping[str, Any]:
    """Return the request when it fits the action's description.

    Raises:
        ApiError: ValidationException, with every fault, in AWS's words.
    """
    faults = list(_faults(_service().operation_model(action).input_shape, request, ""))
    if faults:
        count = f"{len(faults)} validation error{'s' if len(faults) > 1 else ''} detected"
        raise invalid(f"{count}: {'; '.join(faults[:_MOST_SHOWN])}")
    checked: Mapping[str, Any] = request
    return checked


def answer_members(action: str) -> frozenset[str]:
    """The members that an action's answer may have."""
    return frozenset(_service().operation_model(action).output_shape.members)


def _faults(shape: Any, value: Any, path: str) -> Iterator[str]:
    checks = {"structure": _structure, "list": _list, "map": _map, "string": _string}
    if shape.type_name in checks:
        yield from checks[shape.type_name](shape, value, path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _number(shape, value, path)
    elif shape.type_name == "boolean" and not isinstance(value, bool):
        yield _fault(value, path, "Member must be a boolean")


def _structure(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _fault(value, path, "Member must be an object")
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield _fault(None, _inside(path, name), "Member must not be null")
    for name, member in value.items():
        if name not in shape.members:
            yield _fault(member, _inside(path, name), "Member is unknown")
        elif member is not None:
            yield from _faults(shape.members[name], member, _inside(path, name))


def _list(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield _fault(value, path, "Member must be a list")
        return
    yield from _length(shape, value, path)
    for number, member in enumerate(value, start=1):
        yield from _faults(shape.member, member, f"{path}.{number}.member")


def _map(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield _fault(value, path, "Member must be an object")
        return
    yield from _length(shape, value, path)
    for key, member in value.items():
        yield from _faults(shape.key, key, f"{path}.{key}.key")
        yield from _faults(shape.value, member, f"{path}.{key}.value")


def _string(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield _fault(value, path, "Member must be a string")
        return
    yield from _length(shape, value, path)
    pattern = shape.metadata.get("pattern")
    if pattern and not _compile(pattern).fullmatch(value):
        yield _fault(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    if shape.enum and value not in shape.enum:
        choices = ", ".join(sorted(shape.enum)[:_MOST_SHOWN])
        more = ", ..." if len(shape.enum) > _MOST_SHOWN else ""
        yield _fault(value, path, f"Member must satisfy enum value set: [{choices}{more}]")


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of the service's model, whose Unicode classes Python's `re` spells otherwise."""
    for theirs, ours in (("\\p{L}", "\\w"), ("\\p{N}", "\\d"), ("\\p{Z}", "\\s")):
        pattern = pattern.replace(theirs, ours)
    return re.compile(pattern)


def _number(shape: Any, value: Any, path: str) -> Iterator[str]:
    whole = shape.type_name in ("integer", "long")
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        yield _fault(value, path, f"Member must be {'an integer' if whole else 'a number'}")
        return
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        yield _fault(value, path, f"Member must have value greater than or equal to {least}")
    if most is not None and value > most:
        yield _fault(value, path, f"Member must have value less than or equal to {most}")


def _length(shape: Any, value: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and len(value) < least:
        yield _fault(value, path, f"Member must have length greater than or equal to {least}")
    if most is not None and len(value) > most:
        yield _fault(value, path, f"Member must have length less than or equal to {most}")


def _inside(path: str, name: str) -> str:
    named = name[:1].lower() + name[1:]
    return f"{path}.{named}" if path else named


def _fault(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"
