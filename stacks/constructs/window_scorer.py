"""`score_windows`, once for each SageMaker detector, so that one that fails does not hold up the other."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from stacks.checks import acknowledge
from stacks.constructs.algorithms import endpoint_name, rcf_columns
from stacks.constructs.grants import grant_key_use, grant_stream_write
from stacks.constructs.python_function import PythonFunction
from stacks.settings import Settings
from stacks.streams import StreamsStack

HISTORY_DAYS = 14  # of a forecast's request: DeepAR looks back at the same time of earlier days and weeks


class WindowScorer(Construct):
    """Ten-minute rows in, score records out; without models the rows are only recorded.

    Args:
        scope: Parent construct.
        id_: Logical name.
        settings: The stage's settings.
        streams: The stage's streams and tables.
        calibration: Parameter that tells whether there are models yet.
        failures: Where batches and records wait that could not be scored.
        log_retention: How long the functions' logs are kept.

    Attributes:
        functions: The functions by detector.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        streams: StreamsStack,
        calibration: ssm.IStringParameter,
        failures: sqs.IQueue,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, id_)
        self._settings = settings
        columns = {"sagemaker_rcf": rcf_columns(settings.alarms.columns), "deepar": (settings.alarms.columns.count,)}
        if not settings.models.enabled:
            del columns["deepar"]  # one function is enough to record
        self.functions: dict[str, lambda_.IFunction] = {}
        for detector, features in columns.items():
            scorer = PythonFunction(
                self,
                detector.title().replace("_", ""),
                name="score_windows",
                description=f"Cutwatch: records ten-minute rows and scores them by {detector}",
                environment={
                    "DETECTOR": detector,
                    "ENDPOINT": endpoint_name(settings.stage, detector),
                    "COLUMNS": ",".join(features),
                    "SERIES": settings.analytics.series,
                    "WINDOW_SECONDS": str(settings.windows.row_seconds),
                    "SERIES_TABLE": streams.series.table_name,
                    "SERIES_DAYS": str(settings.retention.series_days),
                    "SCORES_STREAM": streams.scores.stream_name,
                    "FAILURES_QUEUE_URL": failures.queue_url,
                    "CALIBRATION_PARAMETER": calibration.parameter_name,
                    "HISTORY_WINDOWS": str(HISTORY_DAYS * 86400 // settings.windows.row_seconds),
                    "LOW_QUANTILE": f"{settings.models.deepar.low_quantile:g}",
                    "HIGH_QUANTILE": f"{settings.models.deepar.high_quantile:g}",
                    "NUM_SAMPLES": str(settings.models.deepar.num_samples),
                },
                timeout_seconds=180,
                memory_mb=512,
                log_retention=log_retention,
            )
            self._permit(scorer, streams, calibration, failures, endpoint_name(settings.stage, detector))
            self.functions[detector] = scorer.function

    def _permit(
        self,
        scorer: PythonFunction,
        streams: StreamsStack,
        calibration: ssm.IStringParameter,
        failures: sqs.IQueue,
        endpoint: str,
    ) -> None:
        function = scorer.function
        streams.series.grant(function, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
        grant_stream_write(streams.scores, function)
        grant_key_use(streams.key, function)
        failures.grant_send_messages(function)
        calibration.grant_read(function)
        if self._settings.models.enabled:
            arn = Stack.of(self).format_arn(service="sagemaker", resource="endpoint", resource_name=endpoint)
            function.add_to_role_policy(iam.PolicyStatement(actions=["sagemaker:InvokeEndpoint"], resources=[arn]))
        for action in ("GenerateDataKey", "ReEncrypt"):
            acknowledge(
                scorer,
                f"AwsSolutions-IAM5[Action::kms:{action}*]",
                "CDK's queue grants spell the key's use so; it is this stage's key alone.",
            )
        function.add_event_source(
            sources.KinesisEventSource(
                streams.windows,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=100,
                max_batching_window=Duration.seconds(5),
                report_batch_item_failures=True,
                bisect_batch_on_error=True,
                # An endpoint that is down for minutes is waited for; then the batch's address waits in the queue.
                retry_attempts=100,
                on_failure=sources.SqsDlq(failures),
            )
        )
