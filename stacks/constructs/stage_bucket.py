"""The stage's bucket, which goes away with its stack, objects and all."""

from __future__ import annotations

from aws_cdk import CustomResource, Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.checks import acknowledge
from stacks.constructs.python_function import PythonFunction


class StageBucket(Construct):
    """Application state, training data, models: private, encrypted, TLS only, emptied before it is deleted.

    CDK's own `auto_delete_objects` does the same in Node; ours is one more Python function with the same log, role and
    tests as the others, and needs no Node off AWS.

    Args:
        scope: Parent construct.
        id_: Logical name.
        key: Key that encrypts the objects.
        training_days: How long training data is kept.
        log_retention: How long the emptying function's log is kept.

    Attributes:
        bucket: The bucket.
    """

    def __init__(
        self, scope: Construct, id_: str, *, key: kms.IKey, training_days: int, log_retention: logs.RetentionDays
    ) -> None:
        super().__init__(scope, id_)
        self.bucket = s3.Bucket(
            self,
            "Objects",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            removal_policy=RemovalPolicy.DESTROY,
            lifecycle_rules=[
                s3.LifecycleRule(id="ExpireTrainingData", prefix="training/", expiration=Duration.days(training_days)),
                s3.LifecycleRule(id="DropUnfinishedUploads", abort_incomplete_multipart_upload_after=Duration.days(1)),
            ],
        )
        acknowledge(
            self.bucket,
            "AwsSolutions-S1",
            "Only this stage's own roles reach the bucket, and CloudTrail data events can watch it; "
            "a second bucket of access logs would outlive `cdk destroy`.",
        )
        emptier = PythonFunction(
            self,
            "Emptier",
            name="empty_bucket",
            description="Cutwatch: empties the bucket when its stack is deleted",
            environment={},
            timeout_seconds=900,
            log_retention=log_retention,
        )
        role = emptier.function
        role.add_to_role_policy(
            iam.PolicyStatement(actions=["s3:ListBucketVersions", "s3:ListBucket"], resources=[self.bucket.bucket_arn])
        )
        role.add_to_role_policy(
            iam.PolicyStatement(
                actions=["s3:DeleteObject", "s3:DeleteObjectVersion"], resources=[self.bucket.arn_for_objects("*")]
            )
        )
        acknowledge(
            emptier,
            f"AwsSolutions-IAM5[Resource::<{_logical_id(self.bucket)}.Arn>/*]",
            "Emptying a bucket means every object in it.",
        )
        emptied = CustomResource(
            self,
            "Emptied",
            resource_type="Custom::EmptiedBucket",
            service_token=emptier.function.function_arn,
            service_timeout=Duration.minutes(16),
            properties={"BucketName": self.bucket.bucket_name},
        )
        # Its permissions must outlive the emptying.
        emptied.node.add_dependency(emptier)


def _logical_id(bucket: s3.Bucket) -> str:
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket)
    return str(bucket.stack.resolve(resource.logical_id))
