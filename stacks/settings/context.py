"""From CDK context to settings: the `cutwatch` key, then dotted overrides such as `-c alarms.sigma=4`."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from cutwatch.errors import OperatorError
from stacks.settings.tree import Settings

# CDK's own keys all hold a colon, a slash or an at sign; what looks like a plain dotted name is meant for us.
PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*")


def read_settings(context: Mapping[str, Any]) -> Settings:
    """Read the settings of a stage.

    Args:
        context: All of the app's CDK context. `cutwatch` holds the tree as cdk.json gives it; keys such as
            `alarms.sigma` (from `-c alarms.sigma=4` on the command line, so text) override single settings.

    Returns:
        The validated tree.

    Raises:
        OperatorError: A setting is unknown or impossible; the message names the key, the value and what is allowed.

    Example:
        >>> read_settings({"cutwatch": {"stage": "prod"}, "streams.clicks.shards": "4"}).streams.clicks.shards
        4
    """
    tree = context.get("cutwatch", {})
    if isinstance(tree, str):
        tree = _parse_json("cutwatch", tree)
    if not isinstance(tree, Mapping):
        raise OperatorError(f"setting cutwatch={tree!r}: must be an object of settings")
    merged = json.loads(json.dumps(tree))
    for key, value in context.items():
        if key != "cutwatch" and PLAIN_KEY.fullmatch(key):
            _override(merged, key, value)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise OperatorError(_sentence(error)) from None


def setting_names(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Yield the dotted name of every setting that has a value of its own."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_names(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _override(tree: dict[str, Any], key: str, value: Any) -> None:
    *groups, last = key.split(".")
    for group in groups:
        tree = tree.setdefault(group, {})
        if not isinstance(tree, dict):
            raise OperatorError(f"setting {key}={value!r}: {group} is a single value, not a group of settings")
    # The command line gives text: lists and objects come as JSON, everything else pydantic reads from the text.
    tree[last] = _parse_json(key, value) if isinstance(value, str) and value[:1] in "[{" and value else value


def _parse_json(key: str, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise OperatorError(f"setting {key}={text!r}: not valid JSON ({error})") from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(key, list(setting_names()), n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}? " if close else ""
        return f"setting {key}={first['input']!r}: there is no such setting; {hint}`make settings` lists them all"
    if first["type"] == "value_error" and not isinstance(first["input"], str | int | float):
        return f"setting {message}" if "=" in message else f"setting {key}: {message}"
    return f"setting {key}={first['input']!r}: {message[0].lower()}{message[1:]}"
