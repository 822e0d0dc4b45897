"""Permissions without wildcards in their actions, where CDK's own grants would bring some."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from stacks.checks import acknowledge


def grant_key_use(key: kms.IKey, grantee: iam.IGrantable) -> None:
    """Let it read and write what the key encrypts."""
    key.grant(grantee, "kms:Decrypt", "kms:GenerateDataKey")


def grant_stream_write(stream: kinesis.IStream, grantee: iam.IGrantable) -> None:
    """Let it put records on the stream; the stream's key is granted apart."""
    stream.grant(
        grantee, "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:PutRecord", "kinesis:PutRecords"
    )


def grant_stream_read(stream: kinesis.IStream, grantee: iam.IGrantable) -> None:
    """Let it read the stream's shards; the stream's key is granted apart."""
    stream.grant(
        grantee,
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
    )


def grant_objects(bucket: s3.IBucket, prefix: str, role: iam.Role) -> None:
    """Let a role read, write and delete the objects under a prefix, and list them."""
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            resources=[bucket.arn_for_objects(f"{prefix}*")],
        )
    )
    role.add_to_policy(
        iam.PolicyStatement(
            actions=["s3:ListBucket"],
            resources=[bucket.bucket_arn],
            conditions={"StringLike": {"s3:prefix": [f"{prefix}*"]}},
        )
    )
    acknowledge(
        role,
        f"AwsSolutions-IAM5[Resource::{_shown(bucket.bucket_arn, Stack.of(bucket))}/{prefix}*]",
        f"Objects under {prefix} are made while the system runs; their names are not known before.",
    )


def _shown(arn: str, owner: Stack) -> str:
    """Return an ARN of another stack as the checks show it: by the name of its export."""
    name: str = owner.resolve(owner.export_value(arn))["Fn::ImportValue"]
    return name
