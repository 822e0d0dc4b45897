"""The Kinesis Analytics application: packaged code, property groups, role and log stream."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as analytics
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from stacks.constructs.package_manifest import read_connector
from stacks.settings.analytics import AnalyticsSettings

RUNTIME = "FLINK-2_2"
ENTRY_POINT = "main.py"


class SqlApplication(Construct):
    """An `AWS::KinesisAnalyticsV2::Application` on a Flink runtime.

    It is created stopped; starting it is a hop of its own.

    Args:
        scope: Parent construct.
        id_: Logical name.
        name: Name of the application: known beforehand, so that it can be stopped before it is updated.
        package: Path of the zip that `make package` built.
        properties: Property group `cutwatch.application`: what the entry point reads.
        settings: Parallelism, checkpoints.
        log_retention: How long the application's log is kept.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        package: str,
        properties: Mapping[str, str],
        settings: AnalyticsSettings,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, id_)
        self.name = name
        self.connector = read_connector(package)
        self.configuration = {"Package": "", "Settings": settings.model_dump_json(), **properties}
        code = assets.Asset(self, "Package", path=package)
        self.configuration["Package"] = code.asset_hash
        # The log stream must exist before the application starts: the service drops lines for a missing one.
        log_group = logs.LogGroup(self, "Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        log_stream = logs.LogStream(self, "LogStream", log_group=log_group, removal_policy=RemovalPolicy.DESTROY)
        self.log_group = log_group
        self.log_stream = log_stream
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"),
            description="Cutwatch: the analytics application",
        )
        # The package alone, not the whole bucket of assets that CDK's own grant would open.
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject", "s3:GetObjectVersion"],
                resources=[code.bucket.arn_for_objects(code.s3_object_key)],
            )
        )
        log_group.grant_write(self.role)
        log_group.grant(self.role, "logs:DescribeLogStreams", "logs:DescribeLogGroups")
        self.resource = analytics.CfnApplication(
            self,
            "Resource",
            application_name=name,
            runtime_environment=RUNTIME,
            service_execution_role=self.role.role_arn,
            application_mode="STREAMING",
            application_description="Cutwatch: clicks in, scores out (RANDOM_CUT_FOREST_WITH_EXPLANATION in SQL)",
            application_configuration=self._configuration(code, properties, settings),
        )
        # The service checks the role's permissions when the application is created.
        self.resource.node.add_dependency(self.role)
        self.logging = analytics.CfnApplicationCloudWatchLoggingOption(
            self,
            "Logging",
            application_name=self.resource.ref,
            cloud_watch_logging_option=analytics.CfnApplicationCloudWatchLoggingOption.CloudWatchLoggingOptionProperty(
                log_stream_arn=Stack.of(self).format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=f"{log_group.log_group_name}:log-stream:{log_stream.log_stream_name}",
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ),
        )

    @property
    def arn(self) -> str:
        """ARN of the application, made of its name."""
        return Stack.of(self).format_arn(service="kinesisanalytics", resource="application", resource_name=self.name)

    def _run_options(self) -> dict[str, str]:
        """Tell the service what to run; without a connector the package runs in the local cloud only."""
        return {"python": ENTRY_POINT, **({"jarfile": self.connector.file} if self.connector else {})}

    def _configuration(
        self, code: assets.Asset, properties: Mapping[str, str], settings: AnalyticsSettings
    ) -> analytics.CfnApplication.ApplicationConfigurationProperty:
        app = analytics.CfnApplication
        return app.ApplicationConfigurationProperty(
            application_code_configuration=app.ApplicationCodeConfigurationProperty(
                code_content_type="ZIPFILE",
                code_content=app.CodeContentProperty(
                    s3_content_location=app.S3ContentLocationProperty(
                        bucket_arn=code.bucket.bucket_arn, file_key=code.s3_object_key
                    )
                ),
            ),
            application_snapshot_configuration=app.ApplicationSnapshotConfigurationProperty(snapshots_enabled=True),
            environment_properties=app.EnvironmentPropertiesProperty(
                property_groups=[
                    app.PropertyGroupProperty(
                        property_group_id="kinesis.analytics.flink.run.options", property_map=self._run_options()
                    ),
                    app.PropertyGroupProperty(property_group_id="cutwatch.application", property_map=dict(properties)),
                ]
            ),
            flink_application_configuration=app.FlinkApplicationConfigurationProperty(
                # Without CUSTOM the service ignores the values beside it.
                checkpoint_configuration=app.CheckpointConfigurationProperty(
                    configuration_type="CUSTOM",
                    checkpointing_enabled=True,
                    checkpoint_interval=settings.checkpoint_seconds * 1000,
                    min_pause_between_checkpoints=5000,
                ),
                monitoring_configuration=app.MonitoringConfigurationProperty(
                    configuration_type="CUSTOM", log_level="INFO", metrics_level="TASK"
                ),
                parallelism_configuration=app.ParallelismConfigurationProperty(
                    configuration_type="CUSTOM",
                    parallelism=settings.parallelism,
                    parallelism_per_kpu=settings.parallelism_per_kpu,
                    auto_scaling_enabled=settings.autoscaling,
                ),
            ),
        )
