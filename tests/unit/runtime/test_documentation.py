"""Every property is documented, and every documented one exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cutwatch.errors import OperatorError
from cutwatch.runtime.properties import parse_properties
from tests.unit.runtime.test_properties import text

PAGE = Path(__file__).parents[3] / "docs" / "local-cloud.md"


def test_the_table_of_properties_is_complete() -> None:
    with pytest.raises(OperatorError) as refused:
        parse_properties(text(unheard__of="1"))
    known = set(str(refused.value).partition("no such key, but ")[2].split(", "))
    table = PAGE.read_text().partition("### Its properties")[2].partition("###")[0]
    documented = set(re.findall(r"^\| `([a-z.]+)` \|", table, re.MULTILINE))
    assert documented == known
