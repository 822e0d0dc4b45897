"""The saved state of a job: where it stands in its stream and all that its engine remembers, in one S3 object.

One object, so that both are of the same moment: S3 replaces an object as a whole or not at all. The format: a line of
JSON (version, positions, program, sizes, SHA-256 of the rest), then the engine's bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from cutwatch.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VERSION = 1
_NAME = "checkpoint"


@dataclass(frozen=True)
class Checkpoint:
    """One saved state.

    Attributes:
        program: fingerprint of the SQL, the schema and whatever else the engine's state depends on.
        positions: sequence number of the last record in the engine's state, by shard.
        counts: records in, rows out and so on since the beginning.
        engine: the engine's own bytes.
    """

    program: str
    positions: Mapping[str, str]
    counts: Mapping[str, int]
    engine: bytes

    def to_bytes(self) -> bytes:
        """Write it; `from_bytes` reads it back."""
        header = {
            "version": VERSION,
            "program": self.program,
            "positions": dict(self.positions),
            "counts": dict(self.counts),
            "sha256": hashlib.sha256(self.engine).hexdigest(),
        }
        return json.dumps(header).encode() + b"\n" + self.engine

    @classmethod
    def from_bytes(cls, data: bytes, where: str) -> Checkpoint:
        """Read what `to_bytes` wrote. Raises OperatorError where it is damaged or of another version."""
        head, _, engine = data.partition(b"\n")
        try:
            header = json.loads(head)
            version, sha256 = header["version"], header["sha256"]
            found = cls(header["program"], dict(header["positions"]), dict(header["counts"]), engine)
        except (ValueError, KeyError, TypeError) as cause:
            raise OperatorError(f"the saved state {where} is not one: {cause}") from cause
        if version != VERSION:
            raise OperatorError(f"the saved state {where} has version {version}; this release reads {VERSION}")
        if hashlib.sha256(engine).hexdigest() != sha256:
            raise OperatorError(f"the saved state {where} is damaged; delete it to begin afresh")
        return found


class CheckpointStore(Protocol):
    """Keeps the newest checkpoint."""

    location: str

    def load(self) -> Checkpoint | None:
        """Give the newest checkpoint, None where there is none."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace it."""


class S3CheckpointStore:
    """Keeps the newest checkpoint in one S3 object.

    Args:
        client: of S3.
        bucket: the bucket.
        prefix: prefix of the key, ending in a slash or empty.
    """

    def __init__(self, client: S3Client, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = prefix + _NAME
        self.location = f"s3://{bucket}/{self._key}"

    def load(self) -> Checkpoint | None:
        """Read it. Raises OperatorError where it cannot be read."""
        try:
            data = self._client.get_object(Bucket=self._bucket, Key=self._key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise OperatorError(f"the saved state {self.location} cannot be read: {error}") from error
        return Checkpoint.from_bytes(data, self.location)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write it. Raises OperatorError where it cannot be written."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=self._key, Body=checkpoint.to_bytes())
        except ClientError as error:
            raise OperatorError(f"the state cannot be saved as {self.location}: {error}") from error
