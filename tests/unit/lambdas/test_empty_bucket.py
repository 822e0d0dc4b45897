"""A bucket is emptied of every version, and a bucket that is gone is no error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from lambdas.empty_bucket.adapters import remove_objects


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="stage")
        yield client


def test_every_version_goes(s3: Any) -> None:
    s3.put_bucket_versioning(Bucket="stage", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket="stage", Key="state", Body=body)
    s3.delete_object(Bucket="stage", Key="state")
    assert remove_objects(s3, "stage") == 3
    s3.delete_bucket(Bucket="stage")


def test_a_bucket_that_is_gone_is_empty(s3: Any) -> None:
    assert remove_objects(s3, "nowhere") == 0
