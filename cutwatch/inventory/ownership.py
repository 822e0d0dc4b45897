"""Tells by name and tags whether a resource belongs to a stage. Pure.

Most physical names that CloudFormation makes begin with the stack's name (buckets in lower case), and log groups of
functions hold it. Where names do not tell (parameters, keys, dashboards, state machines, applications), tags do: the
app tags everything with `application: cutwatch` and `stage`, and CloudFormation with the stack's name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

STACKS = ("Streams", "Analytics", "Models", "Alarms")
_SHORTEST = 3  # CloudFormation cuts long stack names in some physical names


class Ownership:
    """The marks of one stage.

    Example:
        >>> Ownership("dev").owns("/aws/lambda/Cutwatch-dev-Alarms-Raiser1A2B")
        True
        >>> Ownership("dev").owns("Cutwatch-dev-2-Alarms-Raiser1A2B")
        False
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        stacks = "|".join(stack[:length] for stack in STACKS for length in range(_SHORTEST, len(stack) + 1))
        self._name = re.compile(rf"(?<![a-z0-9-])cutwatch([-/]){re.escape(stage)}(\1({stacks})(?![a-z0-9])|/|$)", re.I)

    def owns(self, name: str, tags: Mapping[str, str] | None = None) -> bool:
        """Tell whether a name (or a text with names in it) or tags are this stage's."""
        if self._name.search(name):
            return True
        tags = tags or {}
        if tags.get("application") == "cutwatch" and tags.get("stage") == self._stage:
            return True
        return bool(self._name.search(tags.get("aws:cloudformation:stack-name", "")))
