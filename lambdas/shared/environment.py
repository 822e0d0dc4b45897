"""Environment variables, each with a name that the message gives when it is missing."""

from __future__ import annotations

import os
from collections.abc import Mapping

from cutwatch.errors import OperatorError


class Variables:
    """What the stack tells a function.

    Args:
        variables: Name to text; the process's own by default.
    """

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._variables = os.environ if variables is None else variables

    def text(self, name: str) -> str:
        """Return a text. Raises OperatorError."""
        try:
            return self._variables[name]
        except KeyError:
            raise OperatorError(f"environment variable {name} is not set: the stacks set it") from None

    def whole(self, name: str) -> int:
        """Return a whole number. Raises OperatorError."""
        text = self.text(name)
        try:
            return int(text)
        except ValueError:
            raise OperatorError(f"environment variable {name} is {text!r}; allowed: a whole number") from None

    def number(self, name: str) -> float:
        """Return a number. Raises OperatorError."""
        text = self.text(name)
        try:
            return float(text)
        except ValueError:
            raise OperatorError(f"environment variable {name} is {text!r}; allowed: a number") from None

    def names(self, name: str) -> tuple[str, ...]:
        """Return a list of names, commas between. Raises OperatorError."""
        return tuple(part for part in self.text(name).split(",") if part)
