"""A stage's resources are told from everybody else's."""

from __future__ import annotations

import pytest

from cutwatch.inventory.ownership import Ownership

OURS = [
    "Cutwatch-dev-Streams",
    "Cutwatch-dev-Streams-Clicks1A2B3C-XyZ",
    "cutwatch-dev-streams-bucket83908e77-1abc",
    "/aws/lambda/Cutwatch-dev-Alarms-RaiserF00-abc",
    "arn:aws:sns:us-east-1:123456789012:Cutwatch-dev-Alarms-Topic-1",
    "/cutwatch/dev/alarms/settings",
    "alias/cutwatch/dev",
    "Cutwatch-dev-Analyt-Role-1A2B",
    "e-uuid to arn:aws:lambda:us-east-1:123456789012:function:Cutwatch-dev-Alarms-Raiser",
]
OTHERS = [
    "Cutwatch-dev2-Streams-Clicks",
    "Cutwatch-dev-2-Streams-Clicks",
    "Cutwatch-prod-Streams",
    "my-cutwatch-dev-streams",
    "CDKToolkit",
    "cdk-hnb659fds-assets-123456789012-us-east-1",
    "/cutwatch/develop/x",
    "Cutwatch-dev-Streamsx",
    "",
]


@pytest.mark.parametrize("name", OURS)
def test_names_of_the_stage(name: str) -> None:
    assert Ownership("dev").owns(name)


@pytest.mark.parametrize("name", OTHERS)
def test_names_of_others(name: str) -> None:
    assert not Ownership("dev").owns(name)


@pytest.mark.parametrize(
    ("tags", "ours"),
    [
        ({"application": "cutwatch", "stage": "dev"}, True),
        ({"application": "cutwatch", "stage": "dev-2"}, False),
        ({"application": "other", "stage": "dev"}, False),
        ({"aws:cloudformation:stack-name": "Cutwatch-dev-Analytics"}, True),
        ({"aws:cloudformation:stack-name": "Cutwatch-dev-2-Analytics"}, False),
        ({}, False),
    ],
)
def test_tags_tell_where_names_do_not(tags: dict[str, str], ours: bool) -> None:
    assert Ownership("dev").owns("CFN-Settings-1A2B", tags) is ours


def test_a_stage_is_no_pattern() -> None:
    assert not Ownership("d.v").owns("Cutwatch-dev-Streams")
