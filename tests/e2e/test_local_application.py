"""The packaged application really runs in the local cloud: rows out, bad rows aside, stop, start, crash, refusal."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cutwatch.localcloud import ACCOUNT, REGION, LocalCloud
from tools.package_application import package

pytestmark = pytest.mark.e2e

START = datetime(2020, 7, 7, tzinfo=UTC)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/application"
LOG_GROUP, LOG_STREAM = "/cutwatch/test/application", "job"
STREAMS = ("clicks", "scores", "windows", "errors")


@dataclass
class Site:
    """A cloud with streams, a bucket and the packaged application, and short words for what is done with them."""

    cloud: LocalCloud
    prefix: str

    def __post_init__(self) -> None:
        for name in ("kinesis", "kinesisanalyticsv2", "s3", "logs"):
            setattr(self, name, self.cloud.client(name))

    kinesis: Any = None
    kinesisanalyticsv2: Any = None
    s3: Any = None
    logs: Any = None

    def arn(self, stream: str) -> str:
        return f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{self.prefix}-{stream}"

    def create(self, *, shards: int = 1, properties: dict[str, str] | None = None, runtime: str = "FLINK-2_2") -> None:
        for stream in STREAMS:
            self.kinesis.create_stream(StreamName=f"{self.prefix}-{stream}", ShardCount=shards)
        self.s3.create_bucket(Bucket=self.prefix)
        self.s3.put_object(Bucket=self.prefix, Key="application.zip", Body=package().read_bytes())
        self.logs.create_log_group(logGroupName=f"{LOG_GROUP}/{self.prefix}")
        self.logs.create_log_stream(logGroupName=f"{LOG_GROUP}/{self.prefix}", logStreamName=LOG_STREAM)
        groups = {
            "kinesis.analytics.flink.run.options": {"python": "main.py"},
            "cutwatch.application": {
                "sql.file": "clickstream.sql", "application.file": "application.json", "region": REGION,
                **{f"{stream}.stream.arn": self.arn(stream) for stream in STREAMS},
                "seed": "1", "allowed.lateness.seconds": "60", "state.bucket": self.prefix, "state.prefix": "state/",
                "checkpoint.interval.seconds": "0.5", **(properties or {}),
            },
        }  # fmt: skip
        self.kinesisanalyticsv2.create_application(
            ApplicationName=self.prefix,
            RuntimeEnvironment=runtime,
            ServiceExecutionRole=ROLE,
            ApplicationConfiguration={
                "ApplicationCodeConfiguration": {
                    "CodeContentType": "ZIPFILE",
                    "CodeContent": {
                        "S3ContentLocation": {"BucketARN": f"arn:aws:s3:::{self.prefix}", "FileKey": "application.zip"}
                    },
                },
                "ApplicationSnapshotConfiguration": {"SnapshotsEnabled": True},
                "EnvironmentProperties": {
                    "PropertyGroups": [
                        {"PropertyGroupId": name, "PropertyMap": values} for name, values in groups.items()
                    ]
                },
            },
            CloudWatchLoggingOptions=[
                {
                    "LogStreamARN": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{LOG_GROUP}/{self.prefix}"
                    f":log-stream:{LOG_STREAM}"
                }
            ],
        )

    def start(self, restore: str = "RESTORE_FROM_LATEST_SNAPSHOT") -> None:
        self.kinesisanalyticsv2.start_application(
            ApplicationName=self.prefix,
            RunConfiguration={"ApplicationRestoreConfiguration": {"ApplicationRestoreType": restore}},
        )

    def update(self, **properties: str) -> None:
        """Change properties of the application, as a deployment does."""
        detail = self.kinesisanalyticsv2.describe_application(ApplicationName=self.prefix)["ApplicationDetail"]
        described = detail["ApplicationConfigurationDescription"]["EnvironmentPropertyDescriptions"]
        groups = described["PropertyGroupDescriptions"]
        groups[1]["PropertyMap"].update(properties)
        self.kinesisanalyticsv2.update_application(
            ApplicationName=self.prefix,
            CurrentApplicationVersionId=detail["ApplicationVersionId"],
            ApplicationConfigurationUpdate={"EnvironmentPropertyUpdates": {"PropertyGroups": groups}},
        )

    def stop(self) -> None:
        self.kinesisanalyticsv2.stop_application(ApplicationName=self.prefix)
        wait_for(lambda: self.status() == "READY")

    def status(self) -> str:
        detail = self.kinesisanalyticsv2.describe_application(ApplicationName=self.prefix)["ApplicationDetail"]
        return str(detail["ApplicationStatus"])

    def run(self, restore: str = "RESTORE_FROM_LATEST_SNAPSHOT") -> None:
        self.start(restore)
        wait_for(lambda: self.status() != "STARTING")
        assert self.status() == "RUNNING", self.log()

    def put(self, records: list[dict[str, Any] | bytes], *, key: str = "") -> None:
        entries = []
        for number, record in enumerate(records):
            data = record if isinstance(record, bytes) else json.dumps(record).encode()
            own_key = str(number) if isinstance(record, bytes) else record.get("user", str(number))
            entries.append({"Data": data, "PartitionKey": key or own_key})
        for first in range(0, len(entries), 500):
            self.kinesis.put_records(StreamName=f"{self.prefix}-clicks", Records=entries[first : first + 500])

    def drain(self) -> None:
        assert self.cloud.wait_until_drained(60), (self.cloud.status(), self.log())

    def rows(self, stream: str) -> list[dict[str, Any]]:
        found = []
        name = f"{self.prefix}-{stream}"
        for shard in self.kinesis.list_shards(StreamName=name)["Shards"]:
            iterator = self.kinesis.get_shard_iterator(
                StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            found += self.kinesis.get_records(ShardIterator=iterator)["Records"]
        return [json.loads(record["Data"]) for record in found]

    def log(self) -> list[dict[str, Any]]:
        events = self.logs.get_log_events(
            logGroupName=f"{LOG_GROUP}/{self.prefix}", logStreamName=LOG_STREAM, startFromHead=True
        )["events"]
        return [json.loads(event["message"]) for event in events if event["message"].startswith("{")]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.log() if event.get("event") == name]


def wait_for(what: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


def minutes(first: int, count: int, *, clicks: int = 3) -> list[dict[str, Any] | bytes]:
    """Clicks of three users a minute, and the minute's tick."""
    found: list[dict[str, Any] | bytes] = []
    for minute in range(first, first + count):
        moment = START + timedelta(minutes=minute)
        for click in range(clicks):
            at = (moment + timedelta(seconds=5 * click)).isoformat()
            found.append({"timestamp": at, "user": f"u{click % 3}", "page": f"/p{minute % 5}"})
        found.append({"timestamp": (moment + timedelta(seconds=59)).isoformat()})
    return found


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud() as running:
        yield running


@pytest.fixture
def site(cloud: LocalCloud, request: pytest.FixtureRequest) -> Iterator[Site]:
    site = Site(cloud, request.node.name.replace("_", "-").removeprefix("test-")[:50].rstrip("-"))
    yield site
    if site.status() == "RUNNING":
        site.stop()


def windows(rows: list[dict[str, Any]]) -> list[int]:
    """Minutes since the start of the score records."""
    starts = [datetime.fromisoformat(row["window_start"]) for row in rows]
    return [int((start - START).total_seconds() // 60) for start in starts]


def test_clicks_become_scores_and_poison_an_error(site: Site) -> None:
    site.create()
    site.run()
    site.put(minutes(0, 100))
    site.put([b"\xff not a click", *minutes(100, 200, clicks=4)])
    site.drain()

    scores = site.rows("scores")
    assert windows(scores) == list(range(298)), "the last minute waits for the allowed lateness of one more"
    assert scores[0]["values"] == {"URLS": 1.0, "USERS": 3.0, "CLICKS": 3.0, "RESIDUALS": 0.0}
    assert scores[150]["values"] == {"URLS": 1.0, "USERS": 3.0, "CLICKS": 4.0, "RESIDUALS": 1.0}
    assert (scores[0]["detector"], scores[0]["series"], scores[0]["window_seconds"]) == (
        "kinesis_rcf",
        "clickstream",
        60,
    )
    assert [score["score"] for score in scores[:256]] == [0.0] * 256
    assert all(score["score"] > 0 for score in scores[256:])
    assert set(scores[-1]["explanation"]) == {"URLS", "USERS", "CLICKS", "RESIDUALS"}

    assert [row["TIMESTAMPS"] for row in site.rows("windows")[:2]] == [
        "2020-07-07 00:00:00.000",
        "2020-07-07 00:10:00.000",
    ]
    (error,) = site.rows("errors")
    assert error["ERROR_NAME"] == "PARSE_ERROR"
    assert bytes.fromhex(error["DATA_ROW"]) == b"\xff not a click"
    progress = site.events("progress")[-1]
    assert (progress["counts"]["bad_rows"], progress["counts"]["records_in"]) == (1, 100 * 4 + 1 + 200 * 5)


def test_stop_and_start_go_on_with_the_same_forests(site: Site, cloud: LocalCloud) -> None:
    site.create()
    site.run()
    site.put(minutes(0, 280))
    site.drain()
    site.stop()
    snapshots = site.kinesisanalyticsv2.list_application_snapshots(ApplicationName=site.prefix)["SnapshotSummaries"]
    assert [snapshot["SnapshotStatus"] for snapshot in snapshots] == ["READY"]
    assert site.events("job_stopped")[-1]["state"] == f"s3://{site.prefix}/state/checkpoint"
    site.put(minutes(280, 40, clicks=5))
    assert windows(site.rows("scores"))[-1] < 280, "nothing runs while it is stopped"
    site.run()
    site.drain()
    resumed = site.rows("scores")
    assert windows(resumed) == list(range(318)), "no minute twice, none missing"

    whole = Site(cloud, f"{site.prefix}-whole")
    whole.create()
    whole.put(minutes(0, 280) + minutes(280, 40, clicks=5))
    whole.run()
    whole.drain()
    assert resumed == whole.rows("scores"), "as if it had never stopped, to the last bit"
    whole.stop()


def test_a_crash_repeats_and_loses_nothing(site: Site) -> None:
    site.create()
    site.run()
    site.put(minutes(0, 60))
    wait_for(lambda: site.rows("scores"))
    (job,) = [int(event["pid"]) for event in site.events("job_started")]
    os.kill(job, signal.SIGKILL)
    site.put(minutes(60, 60))
    wait_for(lambda: len(site.events("job_started")) == 2)
    site.drain()
    assert sorted(set(windows(site.rows("scores")))) == list(range(118))
    assert next(one.restarts for one in site.cloud.status().applications if one.name == site.prefix) == 1
    assert site.status() == "RUNNING"


def test_an_update_restarts_a_running_application_where_it_stood(site: Site) -> None:
    site.create()
    site.run()
    site.put(minutes(0, 30))
    site.drain()
    site.update(series="renamed")
    wait_for(lambda: len(site.events("job_started")) == 2 and site.status() == "RUNNING")
    site.put(minutes(30, 30))
    site.drain()
    scores = site.rows("scores")
    assert windows(scores) == list(range(58))
    assert [row["series"] for row in scores] == ["clickstream"] * 28 + ["renamed"] * 30


def test_another_seed_learns_anew_from_where_the_stream_stands(site: Site) -> None:
    site.create()
    site.run()
    site.put(minutes(0, 30))
    site.drain()
    site.stop()
    site.update(seed="2")
    site.run()
    assert len(site.events("state_discarded")) == 1
    site.put(minutes(30, 30))
    site.drain()
    assert windows(site.rows("scores")) == [*range(28), *range(30, 58)], "the windows under way are gone, too"


def test_a_start_without_a_snapshot_begins_afresh(site: Site) -> None:
    site.create()
    site.run()
    site.put(minutes(0, 30))
    site.drain()
    site.stop()
    site.run("SKIP_RESTORE_FROM_SNAPSHOT")
    site.drain()
    assert windows(site.rows("scores")) == [*range(28), *range(28)]


def test_several_shards_lose_nothing_on_a_back_fill(site: Site) -> None:
    site.create(shards=3)
    site.put(minutes(0, 600))
    site.run()
    site.drain()
    scores = site.rows("scores")
    assert sorted(windows(scores)) == list(range(598))
    assert {row["values"]["CLICKS"] for row in scores} == {3.0}
    assert site.rows("errors") == []


def test_several_shards_live_with_shards_that_stay_empty(site: Site) -> None:
    site.create(shards=4)
    site.run()
    for first in range(0, 60, 10):
        site.put(minutes(first, 10), key="all in one shard")
    site.drain()
    scores = site.rows("scores")
    assert windows(scores) == list(range(58))
    assert {row["values"]["CLICKS"] for row in scores} == {3.0}


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"seed": "many"}, "seed is 'many'; allowed: a whole number"),
        ({"sql.file": "missing.sql"}, "missing.sql cannot be read"),
        ({"errors.stream.arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/none"}, "stream/none cannot be used"),
        ({"state.bucket": "no-such-bucket"}, "s3://no-such-bucket/state/checkpoint cannot be read"),
    ],
    ids=["seed", "sql", "stream", "bucket"],
)
def test_a_wrong_start_says_why_in_the_log(
    cloud: LocalCloud, request: pytest.FixtureRequest, properties: dict[str, str], said: str
) -> None:
    site = Site(cloud, f"wrong-{request.node.callspec.id}")
    site.create(properties=properties)
    site.start()
    wait_for(lambda: site.status() != "STARTING")
    assert site.status() == "READY"
    reasons = wait_for(lambda: [event["reason"] for event in site.events("job_failed")])
    assert len(reasons) == 1
    assert said in reasons[0]
    assert "\n" not in reasons[0]
    assert said in next(one.failure for one in cloud.status().applications if one.name == site.prefix)


def test_another_runtime_is_refused(cloud: LocalCloud) -> None:
    site = Site(cloud, "other-runtime")
    site.create(runtime="FLINK-1_20")
    site.start()
    (event,) = wait_for(lambda: site.events("job_failed"))
    assert event["reason"] == "RuntimeEnvironment is FLINK-1_20; the local cloud runs FLINK-2_2"
    assert site.status() == "READY"


def test_deleting_a_running_application_ends_its_job(cloud: LocalCloud, tmp_path: Path) -> None:
    site = Site(cloud, "deleted")
    site.create()
    site.run()
    (event,) = site.events("job_started")
    detail = site.kinesisanalyticsv2.describe_application(ApplicationName=site.prefix)["ApplicationDetail"]
    site.kinesisanalyticsv2.delete_application(ApplicationName=site.prefix, CreateTimestamp=detail["CreateTimestamp"])
    wait_for(lambda: not alive(int(event["pid"])))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
