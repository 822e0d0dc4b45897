"""A Lambda function of ours: its prepared folder, its own role, its own log group."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cutwatch.errors import OperatorError
from stacks.checks import acknowledge

FUNCTIONS_FOLDER = Path("build/lambdas")


class PythonFunction(Construct):
    """One function of `lambdas/`, as `make package` laid it out.

    The role may write to the function's own log group and nothing else; callers grant the rest.

    Args:
        scope: Parent construct.
        id_: Logical name.
        name: Folder of `lambdas/`, a verb and a noun; its handler is `lambdas.<name>.handler.<name>`.
        description: One line for the console.
        environment: Environment variables.
        timeout_seconds: Longest run.
        memory_mb: Memory, and with it the share of a CPU.
        log_retention: How long logs are kept.
        reserved_concurrency: Most copies that run at once; None for no limit.

    Raises:
        OperatorError: The function has not been packaged yet.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        description: str,
        environment: Mapping[str, str],
        timeout_seconds: int,
        log_retention: logs.RetentionDays,
        memory_mb: int = 256,
        reserved_concurrency: int | None = None,
    ) -> None:
        super().__init__(scope, id_)
        folder = FUNCTIONS_FOLDER / name
        if not folder.is_dir():
            raise OperatorError(f"{folder} is missing: run `make package` before synthesising the stacks")
        log_group = logs.LogGroup(self, "Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), description=description)
        log_group.grant_write(role)
        self.log_group = log_group
        self.role = role
        self.role = role
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"lambdas.{name}.handler.{name}",
            code=lambda_.Code.from_asset(str(folder)),
            description=description,
            environment={"POWERTOOLS_SERVICE_NAME": name, "POWERTOOLS_METRICS_NAMESPACE": "Cutwatch", **environment},
            timeout=Duration.seconds(timeout_seconds),
            memory_size=memory_mb,
            role=role,
            log_group=log_group,
            reserved_concurrent_executions=reserved_concurrency,
        )
        acknowledge(
            self,
            "AwsSolutions-L1",
            "Python 3.13 is supported by AWS until 2029; every function and its tests move to the next one together.",
        )
