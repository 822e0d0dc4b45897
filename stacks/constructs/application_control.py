"""Start and stop of the application, as custom resources: a deployment succeeds only when the job runs."""

from __future__ import annotations

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.constructs.python_function import PythonFunction
from stacks.constructs.sql_application import SqlApplication


class ApplicationControl(Construct):
    """Starts the application after creation and update, stops it with a snapshot before update and deletion.

    Two custom resources around the application: one that is updated before it, and stops, one that is updated after it,
    and starts from the snapshot.

    Args:
        scope: Parent construct.
        id_: Logical name.
        application: What is started and stopped.
        start_timeout_seconds: How long to wait for the job's first sign of life.
        log_retention: How long the function's log is kept.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        application: SqlApplication,
        start_timeout_seconds: int,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, id_)
        control = PythonFunction(
            self,
            "Control",
            name="control_application",
            description="Cutwatch: starts and stops the analytics application with its stack",
            environment={},
            timeout_seconds=start_timeout_seconds + 60,
            log_retention=log_retention,
        )
        control.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=[
                    "kinesisanalytics:DescribeApplication",
                    "kinesisanalytics:StartApplication",
                    "kinesisanalytics:StopApplication",
                ],
                resources=[application.arn],
            )
        )
        application.log_group.grant(control.function, "logs:FilterLogEvents")
        properties = {
            "ApplicationName": application.name,
            "LogGroupName": application.log_group.log_group_name,
            "StartTimeoutSeconds": str(start_timeout_seconds),
            # Whatever changes of the application changes these, so that CloudFormation tells both.
            "Configuration": application.configuration,
        }
        timeout = Duration.seconds(start_timeout_seconds + 60)
        stopped = CustomResource(
            self,
            "Stopped",
            resource_type="Custom::StoppedApplication",
            service_token=control.function.function_arn,
            service_timeout=timeout,
            properties={"Moment": "before_update", **properties},
        )
        stopped.node.add_dependency(control)
        application.resource.node.add_dependency(stopped)
        running = CustomResource(
            self,
            "Running",
            resource_type="Custom::RunningApplication",
            service_token=control.function.function_arn,
            service_timeout=timeout,
            properties={"Moment": "after_update", **properties},
        )
        # Start last, stop first.
        running.node.add_dependency(application, control)
