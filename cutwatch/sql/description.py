"""Reading nested JSON with errors that name the key: they say file, path and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cutwatch.sql.errors import SchemaError


@dataclass(frozen=True)
class Node:
    """One object of a description: its data, the file it is from, and its path in it."""

    data: object
    file: str
    path: str

    def __contains__(self, key: str) -> bool:
        return isinstance(self.data, dict) and key in self.data

    def where(self, key: str = "") -> str:
        """File and path of a key, for a sentence."""
        return f"{self.file}: {'.'.join(part for part in (self.path, key) if part) or 'the description'}"

    def error(self, problem: str, allowed: str, key: str) -> SchemaError:
        """The refusal of a key's value."""
        return SchemaError(f"{self.where(key)} {problem}; {allowed}")

    def get(self, *keys: str) -> object:
        """The value of the first key that is there, else None."""
        if not isinstance(self.data, dict):
            raise SchemaError(f"{self.where()} is not a JSON object; an object is needed")
        return next((self.data[key] for key in keys if self.data.get(key) is not None), None)

    def unwrap(self, *keys: str) -> Node:
        """Step into wrapping objects, as long as one of these keys is there."""
        for key in keys:
            if self.get(key) is not None:
                return self.child(key).unwrap(*keys)
        return self

    def child(self, key: str) -> Node:
        """The object under a key."""
        value = self.get(key)
        if not isinstance(value, dict):
            raise self.error("is missing" if value is None else "is not a JSON object", "an object is needed", key)
        return Node(value, self.file, f"{self.path}.{key}" if self.path else key)

    def items(self, *keys: str) -> list[Node]:
        """The objects of a list under the first of the keys that is there; empty where none is."""
        value = self.get(*keys)
        if value is None:
            return []
        key = next(key for key in keys if self.get(key) is not None)
        if not isinstance(value, list):
            raise self.error("is not a list", "a list is needed", key)
        prefix = f"{self.path}.{key}" if self.path else key
        return [Node(item, self.file, f"{prefix}[{index}]") for index, item in enumerate(value)]

    def text(self, key: str, default: str | None = None) -> str:
        """A string; without a default it must be there and not empty."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (default is None and not value):
            raise self.error("is missing" if value is None else f"is {value!r}", "a string is needed", key)
        return value

    def integer(self, key: str, default: int) -> int:
        """A whole number from 1 to 64."""
        value = self.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 64:
            raise self.error(f"is {value!r}", "1 to 64 are allowed", key)
        return value

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """One of several strings."""
        value = self.text(key)
        if value not in allowed:
            raise self.error(f"is {value!r}", f"allowed are {' and '.join(allowed)}", key)
        return value
