"""S3 as SageMaker uses it: prefixes in, archives in and out."""

from __future__ import annotations

import functools
import io
import re
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cutwatch.errors import DataError, OperatorError

_URI = re.compile(r"s3://(?P<bucket>[^/]+)/?(?P<key>.*)")


@dataclass(frozen=True)
class Location:
    """A bucket, and a key or the beginning of keys."""

    bucket: str
    key: str

    @classmethod
    def of(cls, uri: str) -> Location:
        """Read `s3://bucket/key`."""
        match = _URI.fullmatch(uri)
        if not match:
            raise DataError(f"{uri} is no S3 address: it must read like s3://bucket/key")
        return cls(match["bucket"], match["key"])

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class Storage:
    """What is done with S3.

    Args:
        client: gives a boto3 client of S3; asked once, when first needed.
    """

    def __init__(self, client: Callable[[], Any]) -> None:
        self._client = functools.cache(client)

    def keys(self, location: Location) -> list[str]:
        """Keys that begin with the location's; none where the bucket does not exist. Folders' own entries are none."""
        pages = self._client().get_paginator("list_objects_v2").paginate(Bucket=location.bucket, Prefix=location.key)
        try:
            return [item["Key"] for page in pages for item in page.get("Contents", ()) if not item["Key"].endswith("/")]
        except ClientError:
            return []

    def read(self, location: Location) -> bytes:
        """Read an object.

        Raises:
            OperatorError: where it cannot be read.
        """
        try:
            data: bytes = self._client().get_object(Bucket=location.bucket, Key=location.key)["Body"].read()
        except ClientError as error:
            raise OperatorError(f"{location} cannot be read: {error}") from error
        return data

    def write(self, location: Location, data: bytes) -> None:
        """Write an object.

        Raises:
            OperatorError: where it cannot be written.
        """
        try:
            self._client().put_object(Bucket=location.bucket, Key=location.key, Body=data)
        except ClientError as error:
            raise OperatorError(f"{location} cannot be written: {error}") from error


def pack(folder: Path) -> bytes:
    """Make a `model.tar.gz` of a folder's contents."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, arcname=path.name)
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """Unpack a `model.tar.gz` into a new folder; nothing in it can reach outside.

    Raises:
        DataError: where it is no such archive.
    """
    folder.mkdir(parents=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            archive.extractall(folder, filter="data")
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise DataError(f"not a gzipped tar archive: {error}") from error
