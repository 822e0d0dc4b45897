"""Loading the SQL, and the event time by which shards are put in order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cutwatch.errors import OperatorError
from cutwatch.runtime.launch import event_time_of
from cutwatch.runtime.program import load_program
from cutwatch.runtime.properties import parse_properties
from cutwatch.sql import Record
from tests.unit.runtime.test_properties import STREAM, text

SQL = Path(__file__).parents[3] / "kda_sql"
NOON = datetime(2020, 7, 15, 12, tzinfo=UTC)


def test_placeholders_are_filled_from_the_properties() -> None:
    loaded = load_program(parse_properties(text()), SQL)
    assert loaded.application.input.resource_arn == f"{STREAM}clicks"
    assert [output.resource_arn for output in loaded.application.outputs] == [
        f"{STREAM}scores", f"{STREAM}windows", f"{STREAM}errors",
    ]  # fmt: skip


def test_a_missing_file_is_named() -> None:
    with pytest.raises(OperatorError, match=r"property sql\.file: none\.sql cannot be read"):
        load_program(parse_properties(text(sql__file="none.sql")), SQL)


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"series": "other"}, True),
        ({"checkpoint__interval__seconds": "1"}, True),
        ({"seed": "8"}, False),
        ({"allowed__lateness__seconds": "61"}, False),
    ],
)
def test_a_state_fits_the_same_program_only(change: dict[str, str], same: bool) -> None:
    before, after = parse_properties(text()), parse_properties(text(**change))
    fingerprints = [load_program(one, SQL).fingerprint(one) for one in (before, after)]
    assert (fingerprints[0] == fingerprints[1]) is same


def test_the_event_time_is_the_one_in_the_record() -> None:
    event_time = event_time_of(load_program(parse_properties(text()), SQL).application, max_ahead_seconds=300)
    click = b'{"timestamp": "2020-07-15T11:00:00Z", "user": "u", "page": "/"}'
    assert event_time(Record(click, NOON)) == datetime(2020, 7, 15, 11, tzinfo=UTC).timestamp()
    assert event_time(Record(b'{"timestamp": "2020-07-15T11:00:00Z"}', NOON)) is not None, "a tick has a time too"


@pytest.mark.parametrize(
    "data",
    [
        b"poison",
        b'{"user": "u", "page": "/"}',
        b'{"timestamp": "2099-01-01T00:00:00Z", "user": "u", "page": "/"}',
    ],
    ids=["no-json", "no-time", "far-ahead"],
)
def test_a_record_without_a_usable_time_holds_back_no_shard(data: bytes) -> None:
    event_time = event_time_of(load_program(parse_properties(text()), SQL).application, max_ahead_seconds=300)
    assert event_time(Record(data, NOON)) is None
