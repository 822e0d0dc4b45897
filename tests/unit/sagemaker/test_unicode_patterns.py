"""Tags are checked by patterns that use Unicode classes."""

from __future__ import annotations

import pytest

from cutwatch.localcloud.sagemaker.request_model import _compile


@pytest.mark.parametrize(("text", "fits"), [("stage name=1", True), ("Größe", True), ("a#b", False)])
def test_a_tag_is_held_against_the_services_pattern(text: str, fits: bool) -> None:
    assert bool(_compile("([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)").fullmatch(text)) is fits
