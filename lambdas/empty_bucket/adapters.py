"""All objects of a bucket, removed a thousand at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutwatch.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef


def remove_objects(client: S3Client, bucket: str) -> int:
    """Remove every object, and every version of it; returns how many.

    Args:
        client: S3 client.
        bucket: Name of the bucket; one that is gone already counts as empty.

    Raises:
        OperatorError: S3 refused to remove some.
    """
    removed = 0
    try:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found: list[ObjectIdentifierTypeDef] = [
                {"Key": version["Key"], "VersionId": version["VersionId"]}
                for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            ]
            if not found:
                continue
            answered = client.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})
            if answered.get("Errors"):
                first = answered["Errors"][0]
                raise OperatorError(f"bucket {bucket}: {first.get('Key')} could not be removed: {first.get('Message')}")
            removed += len(found)
    except client.exceptions.NoSuchBucket:
        return removed
    return removed
