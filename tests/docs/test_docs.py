"""Docs say what is: every setting, command, door and file they name is there, and the other way round."""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from cutwatch.__main__ import COMMANDS, build_parser
from stacks.settings.context import setting_names
from tools import print_settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", ROOT / "README.ko.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_settings_reference_is_in_step() -> None:
    printed = io.StringIO()
    with redirect_stdout(printed):
        print_settings.main()
    assert printed.getvalue() == (ROOT / "docs/settings.md").read_text(), "run `make settings > docs/settings.md`"


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    assert [name for name in setting_names() if f"`{name}`" not in text] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_arguments(command: str) -> None:
    module = importlib.import_module(f"cutwatch.commands.{command}")
    assert module.__doc__
    assert f"python -m cutwatch {command}" in module.__doc__
    build_parser(command)


def test_every_door_has_a_line_of_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE))
    described = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert {name for line in phony for name in line.split()} == described


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text())
    missing = [link for link in links if not link.startswith("http") and not (path.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_doors_and_commands_in_docs_exist(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    text = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", path.read_text(), re.DOTALL))
    doors = set(re.findall(r"(?:^|`)make ([a-z-]+)", text, re.MULTILINE))
    assert {door for door in doors if not re.search(rf"^{door}:", makefile, re.MULTILINE)} == set()
    commands = set(re.findall(r"python -m cutwatch ([a-z]+)", text))
    assert commands <= set(COMMANDS)


def test_the_korean_readme_is_in_step() -> None:
    english, korean = ((ROOT / name).read_text() for name in ("README.md", "README.ko.md"))

    def shape(text: str) -> tuple[int, list[str]]:
        blocks = re.findall(r"```.*?```", text, re.DOTALL)
        commands = [line.split("#")[0].strip() for block in blocks for line in block.splitlines() if "make " in line]
        return len(re.findall(r"^## ", text, re.MULTILINE)), commands

    assert shape(korean) == shape(english)


def test_the_command_line_explains_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cutwatch", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for command in COMMANDS:
        assert command in done.stdout
    assert "exit codes" in done.stdout


def test_nothing_names_this_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    # Put together here, so that this file does not name them itself.
    hosts = ["files.pythonhosted" + ".org", "registry.npmjs" + ".org", "pypi" + ".org/simple", "repo1.maven" + ".org"]
    words = re.compile("|".join(re.escape(word) for word in ["/" + "work/", "/" + "root/", *hosts]).encode())
    guilty = [name.decode() for name in tracked if name and words.search((ROOT / name.decode()).read_bytes())]
    assert guilty == []
