"""docs/sql.md says what the code does: flags, functions, arguments; its Python runs."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from cutwatch.commands import sql as command
from cutwatch.sql.bind.forests import PARAMETERS
from cutwatch.sql.functions import AGGREGATES, ANALYTIC_ONLY, SCALARS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "sql.md").read_text()


def test_every_flag_is_told() -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    actions = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    flags = {flag for one in actions.choices.values() for action in one._actions for flag in action.option_strings}
    told = set(re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE))
    assert told == {flag for flag in flags if flag.startswith("--")} - {"--help"}


def test_every_function_is_told() -> None:
    names = {name.split()[0] for name in SCALARS if name.replace(" ", "").replace("_", "").isalnum()}
    names -= {"IS", "NEG", "CHARACTER_LENGTH"}
    for name in (*names, *AGGREGATES, *ANALYTIC_ONLY):
        assert name in PAGE, name


def test_the_arguments_of_the_forest_are_told() -> None:
    for parameter in PARAMETERS:
        assert f"| {parameter.name} | {parameter.default:,} | {parameter.least:,} to {parameter.most:,}" in PAGE


def test_its_python_runs(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(code, names)  # our own page
    rows = names["rows"]
    assert isinstance(rows, list)
    assert [row.stream for row in rows] == ["SCORES", "WINDOWS"]
