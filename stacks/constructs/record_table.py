"""A DynamoDB table keyed by series and a sort key, with expiry."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct


class RecordTable(dynamodb.Table):
    """Pay per request, encrypted, recoverable to any second of the last weeks; items leave at `expires_at`.

    Args:
        scope: Parent construct.
        id_: Logical name.
        key: Key that encrypts the items.
        sort_key: Name of the sort key, text; the partition key is always `series`.
    """

    def __init__(self, scope: Construct, id_: str, *, key: kms.IKey, sort_key: str) -> None:
        super().__init__(
            scope,
            id_,
            partition_key=dynamodb.Attribute(name="series", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=sort_key, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            time_to_live_attribute="expires_at",
            removal_policy=RemovalPolicy.DESTROY,
        )
