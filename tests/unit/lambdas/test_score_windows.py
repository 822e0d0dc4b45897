"""Rows are recorded always and scored once there is a model; whatever fails comes again and loses nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aws_lambda_powertools import Logger
from moto import mock_aws

from cutwatch.detection.records import ExpectedRange, ScoreRecord
from cutwatch.errors import DataError, OperatorError
from lambdas.score_windows.batch import WindowScorer
from lambdas.score_windows.detectors import DeepArDetector, Detector, RcfDetector
from lambdas.score_windows.logic import history_target
from lambdas.shared.delivery import Delivered, RefusedRecords
from lambdas.shared.endpoints import DeepArEndpoint, Quantiles, RcfEndpoint
from lambdas.shared.series_table import SeriesTable, StoredWindow
from lambdas.shared.windows import parse_window_row

START = datetime(2020, 7, 7, tzinfo=UTC)
STEP = timedelta(minutes=10)


@dataclass
class FakeRuntime:
    """Endpoints that answer by AWS's formats: RCF scores a row by its first feature, DeepAR by the last count."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    down: bool = False

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        if self.down:
            raise OperatorError("ThrottlingException")
        self.requests.append(request)
        if request["ContentType"] == "text/csv":
            rows = request["Body"].decode().splitlines()
            answer: dict[str, Any] = {"scores": [{"score": float(row.split(",")[0])} for row in rows]}
        else:
            asked = json.loads(request["Body"])
            last = next(value for value in reversed(asked["instances"][0]["target"]) if value != "NaN")
            names = asked["configuration"]["quantiles"]
            answer = {"predictions": [{"quantiles": {name: [last * float(name)] * 3 for name in names}}]}
        return {"Body": io.BytesIO(json.dumps(answer).encode())}


@dataclass
class Stage:
    table: SeriesTable
    runtime: FakeRuntime
    sqs: Any
    queue: str
    published: list[ScoreRecord] = field(default_factory=list)

    def scorer(self, detector: Detector | None) -> WindowScorer:
        def publish(records: Iterable[ScoreRecord]) -> None:
            self.published.extend(records)

        return WindowScorer(
            table=self.table,
            detector=detector,
            publish=publish,
            refused=RefusedRecords(self.sqs, self.queue),
            series="shop",
            window_seconds=600,
            logger=Logger(service="test", level="CRITICAL"),
        )

    def rcf(self) -> RcfDetector:
        return RcfDetector(
            RcfEndpoint(self.runtime, "rcf"),  # type: ignore[arg-type]
            self.table,
            columns=("USERS", "CLICKS"),
            window_seconds=600,
        )

    def deepar(self) -> DeepArDetector:
        quantiles = Quantiles(0.01, 0.99)
        endpoint = DeepArEndpoint(self.runtime, "deepar", quantiles=quantiles, num_samples=50)  # type: ignore[arg-type]
        return DeepArDetector(endpoint, self.table, column="CLICKS", window_seconds=600, history_windows=100)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
        keys = ("series", "window_start")
        dynamodb.create_table(
            TableName="series",
            KeySchema=[{"AttributeName": n, "KeyType": k} for n, k in zip(keys, ("HASH", "RANGE"), strict=True)],  # type: ignore[typeddict-item]
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            BillingMode="PAY_PER_REQUEST",
        )
        queue = sqs.create_queue(QueueName="failures")["QueueUrl"]
        yield Stage(SeriesTable(dynamodb, "series", timedelta(days=60)), FakeRuntime(), sqs, queue)


def row(at: int, clicks: int = 20, users: int = 10) -> Delivered:
    start = START + at * STEP
    data = {"TIMESTAMPS": f"{start:%Y-%m-%d %H:%M:%S.000}", "URLS": 8, "USERS": users, "CLICKS": clicks}
    return Delivered(str(at), json.dumps(data).encode())


def test_while_learning_rows_are_recorded_and_nothing_is_scored(stage: Stage) -> None:
    result = stage.scorer(None).process([row(0), row(1)])
    assert (result.recorded, result.scored, result.failed) == (2, 0, [])
    assert stage.published == []
    windows = stage.table.history("shop", first=START, before=START + 5 * STEP)
    assert [window.values and window.values["CLICKS"] for window in windows] == [20, 20]


def test_the_rows_of_a_batch_are_one_request_to_rcf(stage: Stage) -> None:
    result = stage.scorer(stage.rcf()).process([row(0, users=1), row(1, users=3)])
    assert result.scored == 2
    assert len(stage.runtime.requests) == 1
    assert stage.runtime.requests[0]["Body"] == b"1,20\n3,20"
    assert [(record.score, record.detector) for record in stage.published] == [
        (1.0, "sagemaker_rcf"),
        (3.0, "sagemaker_rcf"),
    ]
    assert stage.published[0].window_start == START


def test_a_forecast_is_made_when_no_band_covers_the_window_and_kept(stage: Stage) -> None:
    stage.scorer(None).process([row(at, clicks=100) for at in range(5)])
    result = stage.scorer(stage.deepar()).process([row(at) for at in range(5, 10)])
    # The model forecasts three windows: five rows ask twice, and the second time with what came meanwhile.
    assert len(stage.runtime.requests) == 2
    assert result.scored == 5
    first = stage.published[0].expected
    assert first is not None
    assert first["CLICKS"] == ExpectedRange(1.0, 50.0, 99.0)
    asked = json.loads(stage.runtime.requests[0]["Body"])
    assert asked["instances"][0] == {"start": "2020-07-07 00:00:00", "target": [100.0] * 5}
    assert asked["configuration"]["quantiles"] == ["0.01", "0.5", "0.99"]
    assert json.loads(stage.runtime.requests[1]["Body"])["instances"][0]["target"] == [100.0] * 5 + [20.0] * 3


def test_the_same_batch_again_asks_for_no_new_forecast(stage: Stage) -> None:
    stage.scorer(None).process([row(0)])
    batch = [row(1), row(2)]
    scorer = stage.scorer(stage.deepar())
    scorer.process(batch)
    before = list(stage.published)
    scorer.process(batch)
    assert len(stage.runtime.requests) == 1
    assert stage.published == before * 2


def test_a_window_without_any_history_has_no_band(stage: Stage) -> None:
    assert stage.scorer(stage.deepar()).process([row(0)]).scored == 0


def test_an_endpoint_that_is_down_loses_nothing(stage: Stage) -> None:
    stage.runtime.down = True
    scorer = stage.scorer(stage.rcf())
    result = scorer.process([row(0), row(1)])
    assert result.failed == ["0"]
    assert result.recorded == 2
    stage.runtime.down = False
    assert scorer.process([row(0), row(1)]).failed == []
    assert len(stage.published) == 2


def test_a_record_that_is_no_row_waits_in_the_failure_queue(stage: Stage) -> None:
    result = stage.scorer(stage.rcf()).process([row(0), Delivered("9", b"{}"), row(1)])
    assert (result.scored, result.refused, result.failed) == (2, 1, [])
    (kept,) = stage.sqs.receive_message(QueueUrl=stage.queue)["Messages"]
    assert "TIMESTAMPS" in json.loads(kept["Body"])["reason"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff", "not JSON"),
        (b"[]", "an object with TIMESTAMPS"),
        (b'{"TIMESTAMPS": "today"}', "ISO-8601"),
        (b'{"TIMESTAMPS": "2020-07-07 00:05:00"}', "multiples of 600 s"),
    ],
)
def test_what_is_no_row_is_said_in_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        parse_window_row(data, series="shop", window_seconds=600)


def test_a_history_lies_on_the_grid_with_its_gaps() -> None:
    windows = [StoredWindow("shop", START + at * STEP, {"CLICKS": float(at)}, None) for at in (0, 1, 4)]
    forecast_only = StoredWindow("shop", START + 2 * STEP, None, ExpectedRange(0, 1, 2))
    found = history_target([*windows, forecast_only], column="CLICKS", before=START + 6 * STEP, window_seconds=600)
    assert found == (START, [0.0, 1.0, None, None, 4.0, None])


def test_large_batches_are_cut_to_what_an_endpoint_takes() -> None:
    runtime = FakeRuntime()
    rows = [[float(at), 0.123456789012345] for at in range(300_000)]
    scores = RcfEndpoint(runtime, "rcf").score(rows)  # type: ignore[arg-type]
    assert scores == [float(at) for at in range(300_000)]
    assert len(runtime.requests) > 1
    assert max(len(request["Body"]) for request in runtime.requests) <= 4_000_000
