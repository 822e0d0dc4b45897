"""The whole line by the real CDK CLI against the local cloud: deploy, alarms, training, a swap, removal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cutwatch.clickstream.generator import generate_days, plan
from cutwatch.clickstream.labels import as_labels
from cutwatch.clickstream.scenario import Fault, Scenario
from cutwatch.demo.cdk import Cdk
from cutwatch.demo.gather import Outputs, Subscriber, read_incidents, read_outputs, read_series, read_stream
from cutwatch.demo.line import Input, Line
from cutwatch.detection.evaluation import Label, evaluate
from cutwatch.errors import OperatorError
from cutwatch.inventory import left_over
from cutwatch.localcloud import ACCOUNT, REGION, LocalCloud
from cutwatch.training import start_training, wait_for_training

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

STAGE = "e2e"
START = datetime(2020, 7, 6, tzinfo=UTC)
DAYS = 4
# Small models: what is tested is that they are trained, served and swapped, not how well they forecast.
SETTINGS = {
    "stage": STAGE,
    "streams.ticks": "false",
    "streams.clicks.shards": "2",
    "models.minimum_windows": "300",
    "models.deepar.context_length": "36",
    "models.deepar.prediction_length": "36",
    "models.deepar.epochs": "10",
}


@dataclass
class Deployed:
    """A stage in a local cloud, with clicks that have not been sent yet."""

    cloud: LocalCloud
    cdk: Cdk
    outputs: Outputs
    line: Line
    subscriber: Subscriber
    labels: tuple[Label, ...]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("line")
    scenario = Scenario(
        seed=11, start=START, days=DAYS, clicks_per_minute=12.0, fixed_faults=_faults(), faults_per_day=0.0
    )
    planned = plan(scenario)
    given = Input(generate_days(planned), START, START + timedelta(days=DAYS), as_labels(planned.faults))
    with LocalCloud(log_file=folder / "localcloud.log") as cloud:
        subscriber = Subscriber(cloud.client, f"cutwatch-{STAGE}-subscriber")
        settings = {**SETTINGS, "alarms.subscriptions": subscriber.setting()}
        cdk = Cdk(cloud.environment(), folder=folder, settings=settings)
        cdk.bootstrap(ACCOUNT, REGION)
        cdk.deploy()
        outputs = read_outputs(cloud.client, cdk.stack_names())
        yield Deployed(cloud, cdk, outputs, Line(cloud, outputs, given, 600), subscriber, as_labels(planned.faults))


def _faults() -> tuple[Fault, ...]:
    at = START + timedelta(days=1, hours=14)
    return (
        Fault(at, at + timedelta(minutes=40), "system"),
        Fault(at + timedelta(days=1), at + timedelta(days=1, minutes=60), "program"),
    )


def test_1_faults_become_explained_notices(stage: Deployed) -> None:
    stage.line.put(b"\x00 not JSON")
    stage.line.replay(START + timedelta(days=3))
    stage.line.drain()
    incidents = read_incidents(stage.cloud.client, stage.outputs.incidents_table)
    found = evaluate(incidents, stage.labels, start=START, end=START + timedelta(days=3))
    assert [(fault.kind, fault.found, fault.leading_column, fault.direction) for fault in found.faults] == [
        ("system", True, "CLICKS", "LOW"),
        ("program", True, "RESIDUALS", "HIGH"),
    ]
    notices = list(stage.subscriber.read())
    assert sorted(notice["notice"] for notice in notices if notice["incident"]["kind"] in ("system", "program")) == [
        "opened",
        "opened",
        "over",
        "over",
    ]


def test_2_a_poison_record_waits_on_the_errors_stream(stage: Deployed) -> None:
    (refused,) = read_stream(stage.cloud.client, stage.outputs.errors_stream)
    assert bytes.fromhex(refused["DATA_ROW"]) == b"\x00 not JSON"
    assert "not JSON" in refused["MESSAGE"]


def test_3_every_window_is_recorded_and_models_are_still_learning(stage: Deployed) -> None:
    windows = read_series(stage.cloud.client, stage.outputs.series_table)
    assert [window.start for window in windows] == [START + at * timedelta(minutes=10) for at in range(3 * 144)]
    assert all(window.rcf_score is None and window.band is None for window in windows)


def test_4_training_deploys_and_calibrates(stage: Deployed) -> None:
    trained = stage.line.train()
    assert trained.output["prepared"]["excluded"] >= 10  # the two incidents' windows
    assert trained.output["calibrated"]["thresholds"]["sagemaker_rcf"] > 0
    sagemaker = stage.cloud.client("sagemaker")
    endpoints = sagemaker.list_endpoints()["Endpoints"]
    assert sorted(endpoint["EndpointName"] for endpoint in endpoints) == [
        "cutwatch-e2e-models-deepar",
        "cutwatch-e2e-models-rcf",
    ]


def test_5_no_window_goes_unscored_while_endpoints_are_swapped(stage: Deployed) -> None:
    machine = stage.outputs.state_machine_arn
    assert machine is not None
    client = stage.cloud.client("stepfunctions")
    execution = start_training(client, machine)
    for hours in (6, 12, 18):  # windows keep coming while the models are trained and swapped
        stage.line.replay(START + timedelta(days=3, hours=hours))
    again = wait_for_training(client, execution, timeout_seconds=600)
    assert again.name
    stage.line.replay(START + timedelta(days=4))
    stage.line.drain()
    windows = [
        window
        for window in read_series(stage.cloud.client, stage.outputs.series_table)
        if START + timedelta(days=3) <= window.start < START + timedelta(days=4)
    ]
    assert len(windows) == 144
    assert [window.start for window in windows if window.rcf_score is None or window.band is None] == []
    serving = stage.cloud.client("sagemaker").describe_endpoint(EndpointName="cutwatch-e2e-models-rcf")
    assert serving["EndpointConfigName"].endswith(again.name)
    models = stage.cloud.client("sagemaker").list_models()["Models"]
    assert len(models) == 2  # the first run's are gone


def test_6_a_failing_job_tells_the_operators_and_leaves_the_old_models_serving(stage: Deployed) -> None:
    sagemaker = stage.cloud.client("sagemaker")
    before = sagemaker.describe_endpoint(EndpointName="cutwatch-e2e-models-rcf")["EndpointConfigName"]
    # A negative count cannot be: DeepAR's likelihood refuses it, as the service does.
    stage.cloud.client("dynamodb").update_item(
        TableName=stage.outputs.series_table,
        Key={"series": {"S": "clickstream"}, "window_start": {"S": "2020-07-06T12:00:00Z"}},
        UpdateExpression="SET #values.CLICKS = :n",
        ExpressionAttributeNames={"#values": "values"},
        ExpressionAttributeValues={":n": {"N": "-5"}},
    )
    operators = _operators_queue(stage)
    with pytest.raises(OperatorError, match="failed"):
        stage.line.train()
    sqs = stage.cloud.client("sqs")
    (message,) = sqs.receive_message(QueueUrl=operators, WaitTimeSeconds=5)["Messages"]
    assert "training failed" in json.loads(message["Body"])["Subject"]
    sqs.delete_queue(QueueUrl=operators)
    assert sagemaker.describe_endpoint(EndpointName="cutwatch-e2e-models-rcf")["EndpointConfigName"] == before


def test_7_destroy_leaves_nothing_even_while_training_runs(stage: Deployed) -> None:
    machine = stage.outputs.state_machine_arn
    assert machine is not None
    start_training(stage.cloud.client("stepfunctions"), machine)
    assert left_over(stage.cloud.client, STAGE, absent_services=stage.cloud.absent_services) != []
    stage.cdk.destroy()
    stage.subscriber.remove()
    assert left_over(stage.cloud.client, STAGE, absent_services=stage.cloud.absent_services) == []


def test_8_the_same_stage_can_be_deployed_again(stage: Deployed) -> None:
    stage.cdk.deploy()
    stage.cdk.destroy()
    assert left_over(stage.cloud.client, STAGE, absent_services=stage.cloud.absent_services) == []


def _operators_queue(stage: Deployed) -> str:
    sns, sqs = stage.cloud.client("sns"), stage.cloud.client("sqs")
    topics: list[dict[str, Any]] = sns.list_topics()["Topics"]
    (arn,) = [topic["TopicArn"] for topic in topics if "Operators" in topic["TopicArn"]]
    url = str(sqs.create_queue(QueueName="operators-inbox")["QueueUrl"])
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
    return url


def test_packaged_files_are_there() -> None:
    assert Path("build/application.zip").exists(), "run `make package` first"
