"""The Models stack: training, endpoints, their schedule and their removal."""

from __future__ import annotations

from typing import Any

from aws_cdk import ArnFormat, CfnOutput, CustomResource, Duration, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.alarms import AlarmsStack
from stacks.checks import acknowledge
from stacks.constructs.algorithm_images import AlgorithmImages
from stacks.constructs.algorithms import deepar_spec, endpoint_name, name_prefix, rcf_columns, rcf_spec
from stacks.constructs.grants import grant_key_use, grant_objects
from stacks.constructs.python_function import PythonFunction
from stacks.constructs.sagemaker_role import SageMakerRole
from stacks.constructs.training_machine import MACHINE_NAME, TrainingMachine
from stacks.constructs.training_schedule import TrainingSchedule
from stacks.retention import log_retention
from stacks.settings import Settings
from stacks.streams import StreamsStack

COLON = ArnFormat.COLON_RESOURCE_NAME


class ModelsStack(Stack):
    """SageMaker's two detectors, trained on demand, on a schedule and as soon as enough windows have gathered.

    Attributes:
        training: The state machine.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        streams: StreamsStack,
        alarms: AlarmsStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        self._settings = settings
        self._streams = streams
        self._alarms = alarms
        self._prefix = name_prefix(settings.stage)
        columns = rcf_columns(settings.alarms.columns)
        images = AlgorithmImages(self, "Images")
        role = SageMakerRole(self, "Role", bucket=streams.bucket, key=streams.key, images=images)
        remove = self._remover()
        self.training = TrainingMachine(
            self,
            "Training",
            specs=[rcf_spec(settings.models, columns), deepar_spec(settings.models, settings.windows.row_seconds)],
            prefix=self._prefix,
            prepare=self._preparer(columns).function,
            calibrate=self._calibrator().function,
            tidy=remove.function,
            role=role,
            images=images,
            bucket=streams.bucket,
            key_arn=streams.key.key_arn,
            operators=alarms.operators,
            models=settings.models,
            log_retention=log_retention(settings),
        )
        arn = self.training.machine.state_machine_arn
        removal = CustomResource(
            self,
            "Removal",
            resource_type="Custom::RemovedModels",
            service_token=remove.function.function_arn,
            service_timeout=Duration.minutes(16),
            properties={"StateMachineArn": arn},
        )
        # When the stack goes: schedules first, then whatever runs and was made, then machine, roles and functions.
        removal.node.add_dependency(self.training, remove, role)
        schedule = TrainingSchedule(
            self,
            "Schedule",
            machine=self.training.machine,
            retrain_days=settings.models.retrain_days,
            key=streams.key,
            failures=alarms.failures,
        )
        schedule.node.add_dependency(removal)
        CfnOutput(self, "StateMachineArn", value=arn)

    def _preparer(self, columns: tuple[str, ...]) -> PythonFunction:
        settings, streams = self._settings, self._streams
        function = self._function(
            "prepare_training",
            "writes the training files out of the series table",
            {
                "SERIES_TABLE": streams.series.table_name,
                "INCIDENTS_TABLE": streams.incidents.table_name,
                "BUCKET": streams.bucket.bucket_name,
                "COLUMNS": ",".join(columns),
                "COUNT_COLUMN": settings.alarms.columns.count,
                "WINDOW_SECONDS": str(settings.windows.row_seconds),
                "MINIMUM_WINDOWS": str(settings.models.minimum_windows),
                "CALIBRATION_PARAMETER": self._alarms.raiser.calibration.parameter_name,
            },
        )
        for table in (streams.series, streams.incidents):
            table.grant(function.function, "dynamodb:Scan")
        grant_objects(streams.bucket, "training/", function.role)
        grant_key_use(streams.key, function.function)
        self._alarms.raiser.calibration.grant_read(function.function)
        return function

    def _calibrator(self) -> PythonFunction:
        settings, streams = self._settings, self._streams
        endpoint = endpoint_name(settings.stage, "sagemaker_rcf")
        function = self._function(
            "calibrate_thresholds",
            "draws the threshold of SageMaker RCF from the scores of the training rows",
            {
                "BUCKET": streams.bucket.bucket_name,
                "ENDPOINT": endpoint,
                "SIGMA": f"{settings.models.calibration_sigma:g}",
                "WINDOW_SECONDS": str(settings.windows.row_seconds),
                "CALIBRATION_PARAMETER": self._alarms.raiser.calibration.parameter_name,
            },
        )
        for prefix in ("training/", "labels/"):
            grant_objects(streams.bucket, prefix, function.role)
        grant_key_use(streams.key, function.function)
        self._alarms.raiser.calibration.grant_write(function.function)
        function.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["sagemaker:InvokeEndpoint"],
                resources=[self.format_arn(service="sagemaker", resource="endpoint", resource_name=endpoint)],
            )
        )
        return function

    def _remover(self) -> PythonFunction:
        function = self._function("remove_models", "removes what training made outside CloudFormation", {})

        def permit(actions: list[str], resources: list[str]) -> None:
            function.function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=resources))

        permit(
            [
                "sagemaker:DescribeEndpoint",
                "sagemaker:DeleteEndpoint",
                "sagemaker:DescribeEndpointConfig",
                "sagemaker:DeleteEndpointConfig",
                "sagemaker:DeleteModel",
                "sagemaker:StopTrainingJob",
            ],
            [
                self.format_arn(service="sagemaker", resource=kind, resource_name=f"{self._prefix}*")
                for kind in ("endpoint", "endpoint-config", "model", "training-job")
            ],
        )
        # Listing takes no resource: the prefix is applied to what comes back.
        permit(
            [
                "sagemaker:ListEndpoints",
                "sagemaker:ListEndpointConfigs",
                "sagemaker:ListModels",
                "sagemaker:ListTrainingJobs",
            ],
            ["*"],
        )
        # By name: taking the machine's own ARN would make a circle, since it calls this function.
        machine = f"{self._prefix}{MACHINE_NAME}"
        permit(
            ["states:ListExecutions"],
            [self.format_arn(service="states", resource="stateMachine", resource_name=machine, arn_format=COLON)],
        )
        permit(
            ["states:StopExecution"],
            [self.format_arn(service="states", resource="execution", resource_name=f"{machine}:*", arn_format=COLON)],
        )
        log_groups = self.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"/aws/sagemaker/Endpoints/{self._prefix}*",
            arn_format=COLON,
        )
        permit(["logs:DeleteLogGroup"], [log_groups])
        where = "<AWS::Region>:<AWS::AccountId>"
        reasons = {
            "Resource::*": "Listing takes no resource.",
            **{
                f"Resource::arn:<AWS::Partition>:sagemaker:{where}:{kind}/{self._prefix}*": (
                    "Each training run names its resources anew under the stage's prefix."
                )
                for kind in ("endpoint", "endpoint-config", "model", "training-job")
            },
            f"Resource::arn:<AWS::Partition>:states:{where}:execution:{machine}:*": (
                "Each execution has a name of its own."
            ),
            f"Resource::arn:<AWS::Partition>:logs:{where}:log-group:/aws/sagemaker/Endpoints/{self._prefix}*": (
                "SageMaker names the log group after the endpoint, under the stage's prefix."
            ),
        }
        for finding, reason in reasons.items():
            acknowledge(function, f"AwsSolutions-IAM5[{finding}]", reason)
        return function

    def _function(self, name: str, what: str, environment: dict[str, str]) -> PythonFunction:
        return PythonFunction(
            self,
            "".join(part.title() for part in name.split("_")),
            name=name,
            description=f"Cutwatch: {what}",
            environment={"PREFIX": self._prefix, **environment},
            timeout_seconds=900,
            memory_mb=1024,
            log_retention=log_retention(self._settings),
        )
