"""What a training job or an endpoint of ours may do."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.checks import acknowledge
from stacks.constructs.algorithm_images import AlgorithmImages
from stacks.constructs.grants import grant_key_use, grant_objects


class SageMakerRole(iam.Role):
    """Reads training data, writes models, pulls the two built-in images, logs. Nothing else.

    Args:
        scope: Parent construct.
        id_: Logical name.
        bucket: The stage's bucket.
        key: Its key.
        images: The built-in images.
    """

    def __init__(
        self, scope: Construct, id_: str, *, bucket: s3.IBucket, key: kms.IKey, images: AlgorithmImages
    ) -> None:
        super().__init__(
            scope,
            id_,
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="Cutwatch: training jobs and endpoints",
        )
        for prefix in ("training/", "models/"):
            grant_objects(bucket, prefix, self)
        grant_key_use(key, self)
        self.add_to_policy(
            iam.PolicyStatement(
                actions=["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
                resources=[images.repository_arn("rcf"), images.repository_arn("deepar")],
            )
        )
        # The registry's token and metrics have no resource to name; the namespace bounds the metrics.
        self.add_to_policy(iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]))
        self.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringLike": {"cloudwatch:namespace": "/aws/sagemaker/*"}},
            )
        )
        log_groups = f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:/aws/sagemaker/*"
        self.add_to_policy(
            iam.PolicyStatement(
                actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                resources=[log_groups],
            )
        )
        acknowledge(self, "AwsSolutions-IAM5[Resource::*]", "A registry token and metrics have no resource to name.")
        acknowledge(
            self,
            "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:"
            "log-group:/aws/sagemaker/*]",
            "SageMaker itself names the log groups of jobs and endpoints, all under /aws/sagemaker.",
        )
