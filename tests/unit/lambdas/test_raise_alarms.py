"""The function as AWS calls it: Kinesis events in, incidents in DynamoDB, notices through SNS, against moto."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from moto import mock_aws

from cutwatch.detection.records import ColumnExplanation, ScoreRecord
from cutwatch.detection.settings import DetectionSettings, DetectorSettings
from cutwatch.errors import OperatorError
from lambdas.raise_alarms.adapters import Notifier
from lambdas.raise_alarms.batch import AlarmRaiser, BatchResult
from lambdas.raise_alarms.store import IncidentStore
from lambdas.shared.delivery import Delivered, RefusedRecords
from lambdas.shared.environment import Variables

START = datetime(2020, 7, 15, tzinfo=UTC)
FIXED = DetectorSettings(threshold="fixed", value=2.0, k=2, n=3)
SETTINGS = DetectionSettings(detectors={"kinesis_rcf": FIXED}, warm_up_windows=5, quiet_windows=3)


@dataclass
class Stage:
    """A raiser on moto's AWS, with a queue that receives what a subscriber would."""

    raiser: AlarmRaiser
    sqs: Any
    dynamodb: Any
    inbox: str
    failures: str

    def deliver(self, *records: ScoreRecord | bytes, first: int = 0) -> BatchResult:
        return self.raiser.process(
            Delivered(str(first + at), record if isinstance(record, bytes) else record.to_json().encode())
            for at, record in enumerate(records)
        )

    def received(self, queue: str | None = None) -> list[dict[str, Any]]:
        found = []
        while answer := self.sqs.receive_message(QueueUrl=queue or self.inbox, MaxNumberOfMessages=10).get("Messages"):
            for message in answer:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(QueueUrl=queue or self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return found

    def notices(self) -> list[dict[str, Any]]:
        return [json.loads(envelope["Message"]) for envelope in self.received()]

    def incidents(self) -> list[dict[str, Any]]:
        items = self.dynamodb.scan(TableName="incidents")["Items"]
        return [json.loads(item["incident"]["S"]) for item in items if item["item"]["S"] != "state"]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        dynamodb, sns, sqs = boto3.client("dynamodb"), boto3.client("sns"), boto3.client("sqs")
        dynamodb.create_table(
            TableName="incidents",
            KeySchema=[
                {"AttributeName": "series", "KeyType": "HASH"},
                {"AttributeName": "item", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "series", "AttributeType": "S"},
                {"AttributeName": "item", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        topic = sns.create_topic(Name="notices")["TopicArn"]
        inbox = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        failures = sqs.create_queue(QueueName="failures")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        raiser = AlarmRaiser(
            settings=SETTINGS,
            store=IncidentStore(dynamodb, "incidents", timedelta(days=400)),
            notifier=Notifier(sns, topic),
            refused=RefusedRecords(sqs, failures),
            logger=Logger(service="test", level="CRITICAL"),
        )
        yield Stage(raiser, sqs, dynamodb, inbox, failures)


def record(minute: int, score: float, *, series: str = "shop") -> ScoreRecord:
    return ScoreRecord(
        detector="kinesis_rcf",
        window_start=START + timedelta(minutes=minute),
        window_seconds=60,
        values={"CLICKS": 20.0, "USERS": 20.0 - 4 * score, "RESIDUALS": 4 * score, "URLS": 8.0},
        score=score,
        explanation={"RESIDUALS": ColumnExplanation(attribution=score, strength=1.0, direction="HIGH")},
        series=series,
    )


def day(bad: range = range(20, 25), *, series: str = "shop", minutes: int = 40) -> list[ScoreRecord]:
    return [record(minute, 4.0 if minute in bad else 1.0, series=series) for minute in range(minutes)]


def test_an_incident_is_told_when_it_opens_and_when_it_is_over(stage: Stage) -> None:
    result = stage.deliver(*day())
    assert result == BatchResult(failed=[], judged=40, refused=0, sent=2)
    opened, over = stage.notices()
    assert [opened["notice"], over["notice"]] == ["opened", "over"]
    (incident,) = stage.incidents()
    assert incident["started"] == "2020-07-15T00:20:00Z"
    assert incident["over"] is not None
    assert incident["columns"][0]["name"] == "RESIDUALS"


def test_the_same_batch_again_changes_nothing(stage: Stage) -> None:
    stage.deliver(*day())
    before = stage.incidents()
    stage.received()
    again = stage.deliver(*day())
    assert again.sent == 0
    assert again.failed == []
    assert stage.notices() == []
    assert stage.incidents() == before


@pytest.mark.parametrize("size", [1, 3, 7])
def test_how_a_stream_is_cut_into_batches_does_not_matter(stage: Stage, size: int) -> None:
    records = day()
    for at in range(0, len(records), size):
        assert stage.deliver(*records[at : at + size], first=at).failed == []
    assert [notice["notice"] for notice in stage.notices()] == ["opened", "over"]
    assert len(stage.incidents()) == 1


def test_an_unreadable_record_waits_in_the_failure_queue_and_stops_nothing(stage: Stage) -> None:
    records: list[ScoreRecord | bytes] = [*day()]
    records.insert(3, b'{"version": 1, "detector": "nobody"}')
    result = stage.deliver(*records)
    assert (result.judged, result.refused, result.failed) == (40, 1, [])
    (kept,) = stage.received(stage.failures)
    assert base64.b64decode(kept["data_base64"]) == b'{"version": 1, "detector": "nobody"}'
    assert "detector" in kept["reason"]
    assert kept["sequence_number"] == "3"


def test_a_series_that_fails_comes_again_and_the_others_go_on(stage: Stage) -> None:
    class Flaky(IncidentStore):
        def load(self, series: str) -> Any:
            if series == "shop":
                raise OperatorError("throttled")
            return super().load(series)

    flaky = Flaky(stage.dynamodb, "incidents", timedelta(days=400))
    whole = stage.raiser
    mixed = [one for pair in zip(day(), day(series="blog"), strict=True) for one in pair]
    stage.raiser = replace(whole, store=flaky)
    result = stage.deliver(*mixed)
    assert result.failed == ["0"]  # the lowest sequence number of `shop`: Kinesis delivers from there on again
    assert result.judged == 40
    stage.raiser = whole
    assert stage.deliver(*mixed).failed == []
    openings = [notice for notice in stage.notices() if notice["notice"] == "opened"]
    assert sorted(notice["incident"]["series"] for notice in openings) == ["blog", "shop"]


def test_a_notice_that_was_stored_but_not_sent_goes_out_with_the_next_delivery(stage: Stage) -> None:
    class Broken(Notifier):
        def send(self, message: Any) -> None:
            raise OperatorError("no topic")

    whole = stage.raiser
    stage.raiser = replace(whole, notifier=Broken(boto3.client("sns"), "none"))
    failed = stage.deliver(*day())
    assert failed.failed == ["0"]
    assert stage.notices() == []
    stage.raiser = whole
    assert stage.deliver(*day()).sent == 2
    assert [notice["notice"] for notice in stage.notices()] == ["opened", "over"]
    assert stage.deliver(*day()).sent == 0


def test_two_writers_at_once_do_not_lose_each_others_work(stage: Stage) -> None:
    store = stage.raiser.store
    early = store.load("shop")
    stage.deliver(*day()[:10])
    with pytest.raises(stage.dynamodb.exceptions.TransactionCanceledException):
        store.save(early, _nothing_new(early))


def test_series_that_open_together_make_one_notice(stage: Stage) -> None:
    mixed = [one for pair in zip(day(minutes=24), day(series="blog", minutes=24), strict=True) for one in pair]
    assert stage.deliver(*mixed).sent == 1
    (notice,) = stage.notices()
    assert {notice["incident"]["series"], *(other["series"] for other in notice["together"])} == {"shop", "blog"}


def test_people_get_text_and_machines_get_json(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[dict[str, Any]] = []
    sns = boto3.client("sns")
    monkeypatch.setattr(sns, "publish", lambda **request: published.append(request))
    stage.raiser = replace(stage.raiser, notifier=Notifier(sns, "topic"))
    stage.deliver(*day())
    opened = json.loads(published[0]["Message"])
    assert "RESIDUALS" in opened["email"]
    assert "2020-07-15" in opened["email"]
    assert json.loads(opened["sqs"])["incident"]["series"] == "shop"
    assert len(published[0]["Subject"]) <= 100
    assert published[0]["MessageAttributes"]["kind"]["StringValue"] == "opened"


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(OperatorError, match="INCIDENTS_TABLE is not set"):
        Variables({}).text("INCIDENTS_TABLE")
    with pytest.raises(OperatorError, match="DAYS is 'many'; allowed: a whole number"):
        Variables({"DAYS": "many"}).whole("DAYS")


def _nothing_new(stored: Any) -> Any:
    from cutwatch.detection.history import judge_records

    return judge_records(SETTINGS, stored.state, [])
