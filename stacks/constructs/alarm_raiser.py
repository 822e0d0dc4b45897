"""The function `raise_alarms` with its event source mapping, settings and failure queue."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from cutwatch.detection.settings import DetectionSettings
from cutwatch.errors import OperatorError
from stacks.checks import acknowledge
from stacks.constructs.grants import grant_key_use
from stacks.constructs.python_function import PythonFunction

PARAMETER_LIMIT_BYTES = 8192  # of an advanced SSM parameter


class AlarmRaiser(Construct):
    """Scores in, incidents and notices out.

    Args:
        scope: Parent construct.
        id_: Logical name.
        scores: The scores stream.
        incidents: The incidents table.
        topic: Where notices go.
        failures: Where batches and records wait that could not be judged.
        key: Key of all of them.
        detection: The judgement's settings.
        keep_days: How long incidents are kept.
        log_retention: How long the function's log is kept.

    Raises:
        OperatorError: The settings are too large for the parameter that carries them.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        scores: kinesis.IStream,
        incidents: dynamodb.ITable,
        topic: sns.ITopic,
        failures: sqs.IQueue,
        key: kms.IKey,
        detection: DetectionSettings,
        keep_days: int,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, id_)
        text = detection.to_json()
        if len(text.encode()) > PARAMETER_LIMIT_BYTES:
            raise OperatorError(
                f"setting alarms: {len(text.encode())} bytes as JSON, at most {PARAMETER_LIMIT_BYTES} fit; "
                "shorten alarms.series or alarms.maintenance"
            )
        parameter = ssm.StringParameter(
            self,
            "Settings",
            string_value=text,
            tier=ssm.ParameterTier.ADVANCED if len(text.encode()) > 4096 else ssm.ParameterTier.STANDARD,
            description="Cutwatch: settings of the judgement; a change takes effect within a minute",
        )
        # Training writes into it; until then it says that the models are still learning.
        self.calibration = ssm.StringParameter(
            self, "Calibration", string_value="{}", description="Cutwatch: what the last training found out"
        )
        raiser = PythonFunction(
            self,
            "Raiser",
            name="raise_alarms",
            description="Cutwatch: judges score records and sends notices about incidents",
            environment={
                "INCIDENTS_TABLE": incidents.table_name,
                "NOTICES_TOPIC_ARN": topic.topic_arn,
                "FAILURES_QUEUE_URL": failures.queue_url,
                "SETTINGS_PARAMETER": parameter.parameter_name,
                "CALIBRATION_PARAMETER": self.calibration.parameter_name,
                "INCIDENTS_DAYS": str(keep_days),
            },
            timeout_seconds=120,
            memory_mb=512,
            log_retention=log_retention,
        )
        self.function = raiser.function
        incidents.grant(self.function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        topic.grant_publish(self.function)
        failures.grant_send_messages(self.function)
        parameter.grant_read(self.function)
        self.calibration.grant_read(self.function)
        grant_key_use(key, self.function)
        for action in ("GenerateDataKey", "ReEncrypt"):
            acknowledge(
                raiser,
                f"AwsSolutions-IAM5[Action::kms:{action}*]",
                "CDK's queue and topic grants spell the key's use so; it is this stage's key alone.",
            )
        self.function.add_event_source(
            sources.KinesisEventSource(
                scores,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=500,
                max_batching_window=Duration.seconds(5),
                report_batch_item_failures=True,
                bisect_batch_on_error=True,
                # Minutes of retries, then the batch's address waits in the queue and the shard goes on.
                retry_attempts=20,
                on_failure=sources.SqsDlq(failures),
            )
        )
