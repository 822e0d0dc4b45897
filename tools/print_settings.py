"""Print the reference of all settings as Markdown, read from the settings tree itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stacks.settings import Settings

HEADER = """# Settings

Printed by `make settings > docs/settings.md`. Set them under the `cutwatch` key of cdk.json, or one by one on the
command line: `cdk deploy -c stage=prod -c alarms.sigma=4`. Lists of texts may be written with commas; lists of
objects as JSON. An unknown or impossible setting stops synth with one sentence.
"""


def main() -> None:
    """Print the reference."""
    sys.stdout.write(HEADER)
    sys.stdout.writelines(_group(Settings(), "", "The stage"))


def _group(defaults: BaseModel, prefix: str, title: str) -> Iterator[str]:
    """Yield a heading, a table of the group's own settings, then the groups below it."""
    yield f"\n## {title}\n\n"
    groups = []
    rows = []
    for name, field in type(defaults).model_fields.items():
        value = getattr(defaults, name)
        if isinstance(value, BaseModel):
            groups.append((value, f"{prefix}{name}.", f"`{prefix}{name}`: {_text(field.description)}"))
        else:
            cells = (f"`{prefix}{name}`", _default(value), _allowed(field), _text(field.description))
            rows.append(f"| {' | '.join(cell.replace('|', ' or ') for cell in cells)} |\n")
    if rows:
        yield "| setting | default | allowed | meaning |\n|---|---|---|---|\n"
        yield from rows
    for value, below, heading in groups:
        yield from _group(value, below, heading)


def _default(value: Any) -> str:
    if value is None or value in ((), {}):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{', '.join(value) if isinstance(value, tuple) else value}`"


def _allowed(field: FieldInfo) -> str:
    bounds = []
    for rule in field.metadata:
        match rule:
            case Ge():
                bounds.append(f"from {rule.ge}")
            case Gt():
                bounds.append(f"above {rule.gt}")
            case Le():
                bounds.append(f"to {rule.le}")
            case Lt():
                bounds.append(f"below {rule.lt}")
            case MinLen() | MaxLen():
                bounds.append("not empty" if isinstance(rule, MinLen) else f"at most {rule.max_length} long")
            case _ if getattr(rule, "pattern", None):
                bounds.append(f"`{rule.pattern}`")
    return " ".join([_kind(field.annotation), *bounds])


def _kind(annotation: Any) -> str:
    arguments: tuple[Any, ...] = getattr(annotation, "__args__", ())
    origin = getattr(annotation, "__origin__", None)
    names = {bool: "true or false", int: "whole number", float: "number", str: "text", type(None): "none"}
    if annotation in names:
        return names[annotation]
    if origin is tuple:
        return f"list of {_kind(arguments[0])}"
    if origin is dict:
        return "object"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"objects of {', '.join(annotation.model_fields)}"
    if hasattr(annotation, "__metadata__"):
        return _kind(annotation.__origin__)
    if arguments and all(isinstance(argument, str | int) for argument in arguments):
        return ", ".join(f"`{argument}`" for argument in arguments)
    return " or ".join(_kind(argument) for argument in arguments) or str(annotation)


def _text(description: str | None) -> str:
    return " ".join((description or "").split())


if __name__ == "__main__":
    main()
