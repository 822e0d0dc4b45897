"""The saved state comes back as it was, or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from cutwatch.errors import OperatorError
from cutwatch.runtime.checkpoint import Checkpoint, S3CheckpointStore

STATE = Checkpoint("program", {"shardId-0": "123"}, {"records_in": 5}, b"engine\nbytes\x00")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="states")
        yield client


@given(
    st.text(),
    st.dictionaries(st.text(), st.text()),
    st.dictionaries(st.text(), st.integers(0, 2**70)),
    st.binary(),
)
def test_any_state_comes_back(program: str, positions: dict[str, str], counts: dict[str, int], engine: bytes) -> None:
    state = Checkpoint(program, positions, counts, engine)
    assert Checkpoint.from_bytes(state.to_bytes(), "here") == state


def test_the_store_gives_back_what_was_saved_last(s3: Any) -> None:
    store = S3CheckpointStore(s3, "states", "application-state/")
    assert store.load() is None
    store.save(Checkpoint("old", {}, {}, b""))
    store.save(STATE)
    assert store.load() == STATE
    assert store.location == "s3://states/application-state/checkpoint"


def test_a_bucket_that_is_not_there_is_an_error_and_not_an_empty_state(s3: Any) -> None:
    store = S3CheckpointStore(s3, "no-such-bucket", "")
    with pytest.raises(OperatorError, match=r"s3://no-such-bucket/checkpoint cannot be read"):
        store.load()
    with pytest.raises(OperatorError, match=r"cannot be saved as s3://no-such-bucket/checkpoint"):
        store.save(STATE)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data[:-1], "is damaged"),
        (lambda data: data[:-1] + b"?", "is damaged"),
        (lambda data: b"", "is not one"),
        (lambda data: b"rubbish", "is not one"),
        (lambda data: data.replace(b'"version": 1', b'"version": 9'), "has version 9; this release reads 1"),
        (lambda data: json.dumps({"version": 1}).encode() + b"\n", "is not one"),
    ],
)
def test_damage_is_noticed(damage: Any, said: str) -> None:
    with pytest.raises(OperatorError, match=f"the saved state s3://b/k {said}"):
        Checkpoint.from_bytes(damage(STATE.to_bytes()), "s3://b/k")
