"""The templates as a whole, normalised: the last test, for surprise. `make snapshot` accepts a change."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

Templates = Mapping[str, Mapping[str, Any]]
SNAPSHOTS = Path(__file__).parent / "snapshots"


def normalise(template: Mapping[str, Any]) -> str:
    """Write a template without what changes with every line of code: asset hashes."""
    text = json.dumps(template, indent=1, sort_keys=True)
    return re.sub(r"[0-9a-f]{64}", "<hash>", text) + "\n"


def test_synth_is_repeatable(synth: Any, default_stage: Templates) -> None:
    assert synth(repeat=1) == default_stage


@pytest.mark.parametrize("stack", ["Streams", "Analytics", "Alarms", "Models"])
def test_the_template_is_as_it_was(default_stage: Templates, stack: str) -> None:
    path = SNAPSHOTS / f"{stack}.json"
    now = normalise(default_stage[f"Cutwatch-dev-{stack}"])
    if os.environ.get("CUTWATCH_ACCEPT_SNAPSHOT"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(now)
    assert now == path.read_text(), f"the {stack} stack changed; look at it, then accept it by `make snapshot`"
