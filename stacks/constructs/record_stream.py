"""A Kinesis stream with the capacity that the settings give it."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.checks import acknowledge
from stacks.settings.streams import StreamCapacity


class RecordStream(kinesis.Stream):
    """An encrypted stream, provisioned or on demand.

    Args:
        scope: Parent construct.
        id_: Logical name.
        key: Key that encrypts the records.
        capacity: Mode, shards and retention.
    """

    def __init__(self, scope: Construct, id_: str, *, key: kms.IKey, capacity: StreamCapacity) -> None:
        on_demand = capacity.mode == "on_demand"
        super().__init__(
            scope,
            id_,
            encryption=kinesis.StreamEncryption.KMS,
            encryption_key=key,
            retention_period=Duration.hours(capacity.retention_hours),
            stream_mode=kinesis.StreamMode.ON_DEMAND if on_demand else kinesis.StreamMode.PROVISIONED,
            shard_count=None if on_demand else capacity.shards,
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(
            self,
            "AwsSolutions-KDS3",
            "The stage's own key lets its owner decide who decrypts; the service's key is open to the whole account.",
        )
