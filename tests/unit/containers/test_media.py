"""Content types and Accept headers."""

from __future__ import annotations

import pytest

from cutwatch.containers.media import MediaType, acceptable, parse_media_type


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("text/csv;label_size=0", MediaType("text/csv", {"label_size": "0"})),
        ("Text/CSV ; Label_Size = 1", MediaType("text/csv", {"label_size": "1"})),
        ("application/json", MediaType("application/json")),
        ("", MediaType("")),
    ],
)
def test_parse(text: str, expected: MediaType) -> None:
    assert parse_media_type(text) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/jsonlines", "application/jsonlines"),
        ("text/html, application/*;q=0.5", "application/json"),
        ("text/csv", None),
    ],
)
def test_acceptable(accept: str, expected: str | None) -> None:
    assert acceptable(accept, ["application/json", "application/jsonlines"]) == expected
