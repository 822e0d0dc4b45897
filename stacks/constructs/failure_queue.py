"""A place where failures wait: an encrypted queue that keeps what a hop could not deliver."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.checks import acknowledge


class FailureQueue(sqs.Queue):
    """A dead-letter queue: encrypted, TLS only.

    Args:
        scope: Parent construct.
        id_: Logical name.
        key: Key that encrypts the messages.
        retention_days: How long failures wait for a person.
    """

    def __init__(self, scope: Construct, id_: str, *, key: kms.IKey, retention_days: int) -> None:
        super().__init__(
            scope,
            id_,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            enforce_ssl=True,
            retention_period=Duration.days(retention_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(
            self, "AwsSolutions-SQS3", "This queue is itself the dead-letter queue: people empty it, no code reads it."
        )
