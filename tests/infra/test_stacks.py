"""What the stacks promise: parts and their key properties, with features on and off."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cutwatch.detection.settings import DetectionSettings
from cutwatch.errors import OperatorError
from stacks.constructs.package_manifest import Connector, read_connector

Templates = Mapping[str, Mapping[str, Any]]


def resources(templates: Templates, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for template in templates.values():
        for name, resource in template["Resources"].items():
            if resource["Type"] == kind:
                yield name, resource.get("Properties", {})


def only(templates: Templates, kind: str, start: str = "") -> Mapping[str, Any]:
    (found,) = [properties for name, properties in resources(templates, kind) if name.startswith(start)]
    return found


def test_the_stacks_carry_the_stages_name(default_stage: Templates, varied_stage: Templates) -> None:
    names = ("Streams", "Analytics", "Alarms", "Models")
    assert set(default_stage) == {f"Cutwatch-dev-{name}" for name in names}
    assert set(varied_stage) == {f"Cutwatch-prod-{name}" for name in names}


def test_there_are_four_streams_with_their_capacity(default_stage: Templates, varied_stage: Templates) -> None:
    assert len(list(resources(default_stage, "AWS::Kinesis::Stream"))) == 4
    assert only(default_stage, "AWS::Kinesis::Stream", "Clicks")["ShardCount"] == 1
    assert only(default_stage, "AWS::Kinesis::Stream", "Errors")["RetentionPeriodHours"] == 168
    varied = only(varied_stage, "AWS::Kinesis::Stream", "Clicks")
    assert varied["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}
    assert "ShardCount" not in varied


def test_ticks_come_every_minute_unless_switched_off(default_stage: Templates, varied_stage: Templates) -> None:
    schedule = only(default_stage, "AWS::Scheduler::Schedule", "Ticks")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["State"] == "ENABLED"
    assert json.loads(schedule["Target"]["Input"]) == {"timestamp": "<aws.scheduler.scheduled-time>"}
    assert "DeadLetterConfig" in schedule["Target"]
    assert only(varied_stage, "AWS::Scheduler::Schedule", "Ticks")["State"] == "DISABLED"


def test_the_application_runs_the_packaged_sql_on_managed_flink(
    default_stage: Templates, varied_stage: Templates
) -> None:
    application = only(default_stage, "AWS::KinesisAnalyticsV2::Application")
    assert application["RuntimeEnvironment"] == "FLINK-2_2"
    configuration = application["ApplicationConfiguration"]
    assert configuration["ApplicationCodeConfiguration"]["CodeContentType"] == "ZIPFILE"
    assert configuration["ApplicationSnapshotConfiguration"] == {"SnapshotsEnabled": True}
    groups = {
        group["PropertyGroupId"]: group["PropertyMap"]
        for group in configuration["EnvironmentProperties"]["PropertyGroups"]
    }
    assert groups["kinesis.analytics.flink.run.options"]["python"] == "main.py"
    assert groups["cutwatch.application"]["sql.file"] == "clickstream.sql"
    flink = configuration["FlinkApplicationConfiguration"]
    # The service ignores settings whose ConfigurationType is not CUSTOM.
    assert {part["ConfigurationType"] for part in flink.values()} == {"CUSTOM"}
    varied = only(varied_stage, "AWS::KinesisAnalyticsV2::Application")["ApplicationConfiguration"]
    assert varied["FlinkApplicationConfiguration"]["ParallelismConfiguration"] == {
        "ConfigurationType": "CUSTOM",
        "Parallelism": 4,
        "ParallelismPerKPU": 1,
        "AutoScalingEnabled": True,
    }


def test_the_application_starts_last_and_logs_before_it_starts(default_stage: Templates) -> None:
    template = default_stage["Cutwatch-dev-Analytics"]
    (running,) = [part for part in template["Resources"].values() if part["Type"] == "Custom::RunningApplication"]
    kinds = {template["Resources"][name]["Type"] for name in running["DependsOn"]}
    assert "AWS::KinesisAnalyticsV2::Application" in kinds
    assert "AWS::KinesisAnalyticsV2::ApplicationCloudWatchLoggingOption" in kinds
    assert "AWS::Logs::LogStream" in kinds
    assert "AWS::IAM::Policy" in kinds


def test_a_connector_in_the_package_is_named_to_the_service(tmp_path: Path) -> None:
    package = tmp_path / "application.zip"
    with zipfile.ZipFile(package, "w") as zipped:
        zipped.writestr("manifest.json", '{"connector": {"file": "lib/kinesis.jar", "sha256": "ab"}}')
    assert read_connector(str(package)) == Connector("lib/kinesis.jar", "ab")
    with pytest.raises(OperatorError, match="run `make package`"):
        read_connector(str(tmp_path / "none.zip"))


def test_the_application_is_stopped_before_it_is_updated(default_stage: Templates) -> None:
    template = default_stage["Cutwatch-dev-Analytics"]["Resources"]
    (application,) = [part for part in template.values() if part["Type"] == "AWS::KinesisAnalyticsV2::Application"]
    before = {template[name]["Type"] for name in application["DependsOn"]}
    assert "Custom::StoppedApplication" in before
    by_kind = {part["Type"]: part["Properties"] for part in template.values()}
    stopped, running = by_kind["Custom::StoppedApplication"], by_kind["Custom::RunningApplication"]
    assert stopped["Configuration"] == running["Configuration"]
    assert "seed" in running["Configuration"]


def test_every_mapping_has_limits_and_a_place_for_failures(default_stage: Templates) -> None:
    mappings = list(resources(default_stage, "AWS::Lambda::EventSourceMapping"))
    assert mappings
    for _, mapping in mappings:
        assert 0 <= mapping["MaximumRetryAttempts"] <= 100
        assert mapping["BisectBatchOnFunctionError"] is True
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert "OnFailure" in mapping["DestinationConfig"]


def test_the_settings_of_the_judgement_reach_the_function(varied_stage: Templates) -> None:
    parameter = only(varied_stage, "AWS::SSM::Parameter", "AlarmRaiserSettings")
    detection = DetectionSettings.from_json(parameter["Value"])
    assert detection.detectors["kinesis_rcf"].threshold == "sigma"
    assert detection.detectors["kinesis_rcf"].value == 4


def test_settings_too_large_for_their_parameter_are_refused(synth: Any) -> None:
    series = {f"shop{at}": {"time_zone": "Europe/Paris"} for at in range(400)}
    with pytest.raises(OperatorError, match="at most 8192 fit"):
        synth({"alarms.series": json.dumps(series)})


def test_subscribers_get_what_they_asked_for(varied_stage: Templates) -> None:
    subscriptions = [properties for _, properties in resources(varied_stage, "AWS::SNS::Subscription")]
    protocols = sorted(subscription["Protocol"] for subscription in subscriptions)
    assert protocols == ["email", "email", "email", "https", "lambda", "sms", "sqs"]
    for subscription in subscriptions:
        assert "deadLetterTargetArn" in subscription["RedrivePolicy"]


def test_alarms_may_publish_to_the_operators_topic(default_stage: Templates) -> None:
    policy = only(default_stage, "AWS::SNS::TopicPolicy", "Operators")["PolicyDocument"]
    allowed = [part for part in policy["Statement"] if part["Effect"] == "Allow"]
    assert [part["Principal"] for part in allowed] == [{"Service": "cloudwatch.amazonaws.com"}]
    for _, alarm in resources(default_stage, "AWS::CloudWatch::Alarm"):
        assert alarm["AlarmActions"]
        assert alarm["AlarmDescription"].startswith("Cutwatch: ")


def test_a_dead_watcher_raises_an_alarm(default_stage: Templates) -> None:
    alarm = only(default_stage, "AWS::CloudWatch::Alarm", "HealthNoScores")
    assert alarm["TreatMissingData"] == "breaching"
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
