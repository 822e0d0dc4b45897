"""Puts the plug-ins into MiniStack. Imported in `.venv-localcloud` only, after the server's variables are set."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from cutwatch.errors import DeveloperError
from cutwatch.localcloud import private_names, status
from cutwatch.localcloud.data_plane import DataPlane
from cutwatch.localcloud.environment import REGION
from cutwatch.localcloud.kinesis_mappings import KinesisMappings
from cutwatch.localcloud.sagemaker import plugin as sagemaker

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Plugins:
    """What was put in."""

    mappings: KinesisMappings
    data_plane: DataPlane


def install(folder: Path, endpoint_url: str, pid: int) -> Plugins:
    """Change the imported MiniStack.

    Args:
        folder: where analytics applications are unpacked.
        endpoint_url: where this server listens.
        pid: its process id.

    Raises:
        DeveloperError: where MiniStack is not the one that the plug-ins were written for.
    """
    from ministack.core.responses import request_scope
    from ministack.services import kinesis, kinesisanalyticsv2, lambda_svc

    if changed := private_names.changed_names():
        raise DeveloperError(
            f"MiniStack is not the tested version {private_names.TESTED_VERSION}: {'; '.join(changed)}"
        )

    def client(service: str) -> Any:
        session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106
        return session.client(service, endpoint_url=endpoint_url)  # type: ignore[call-overload]

    mappings = KinesisMappings(lambda_svc, kinesis._streams, request_scope, _sender(client))
    data_plane = DataPlane(folder, endpoint_url, client, pid)
    lambda_svc._poll_kinesis = mappings.poll
    kinesis._expire_records = _expire_records
    kinesisanalyticsv2._dataplane = data_plane
    kinesisanalyticsv2._HANDLERS["ListApplications"] = _list_applications
    sagemaker.install(folder.parent / "sagemaker", client, pid)
    return Plugins(mappings, data_plane)


def _sender(client: Callable[[str], Any]) -> Callable[[str, str], None]:
    def send(arn: str, text: str) -> None:
        name = arn.rsplit(":", 1)[-1]
        if arn.split(":")[2] == "sns":
            client("sns").publish(TopicArn=arn, Message=text)
            return
        queues = client("sqs")
        queues.send_message(QueueUrl=queues.get_queue_url(QueueName=name)["QueueUrl"], MessageBody=text)

    return send


def _expire_records(stream: dict[str, Any]) -> None:
    """Drop records past the retention. MiniStack copies every shard's whole list on every call instead."""
    oldest = time.time() - stream["RetentionPeriodHours"] * 3600
    for shard in stream["shards"].values():
        records = shard["records"]
        if records and records[0]["ApproximateArrivalTimestamp"] < oldest:
            shard["records"] = [record for record in records if record["ApproximateArrivalTimestamp"] >= oldest]


def _list_applications(_request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Answer ListApplications, which MiniStack lacks, on one page."""
    from ministack.core.responses import json_response
    from ministack.services import kinesisanalyticsv2

    kept = ("ApplicationName", "ApplicationARN", "ApplicationStatus", "ApplicationVersionId", "RuntimeEnvironment")
    summaries = [{key: record[key] for key in kept} for record in kinesisanalyticsv2._applications.values()]
    answer: tuple[int, dict[str, str], bytes] = json_response({"ApplicationSummaries": summaries})
    return answer


def with_status(app: Asgi, plugins: Plugins) -> Asgi:
    """Give an application that also answers `status.PATH`."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != status.PATH:
            await app(scope, receive, send)
            return
        body = collect_status(plugins).to_json().encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return wrapped


def collect_status(plugins: Plugins) -> status.Status:
    """Ask the plug-ins how far behind everything is."""
    from ministack.services import kinesis, kinesisanalyticsv2

    applications = []
    for (account, region, name), record in list(kinesisanalyticsv2._applications._data.items()):
        run = plugins.data_plane.run(account, region, name)
        behind = 0
        if run is not None and run.job is not None:
            behind = _behind(kinesis._streams._data, (account, region), run.source, run.job.positions)
        applications.append(
            status.ApplicationStatus(
                name=name,
                status=record["ApplicationStatus"],
                behind=behind,
                restarts=run.restarts if run else 0,
                failure=run.failure if run else "",
            )
        )
    return status.Status(tuple(plugins.mappings.status()), tuple(applications))


def _behind(streams: Any, place: tuple[str, str], arn: str, positions: dict[str, str]) -> int:
    """Count the records of a stream after the given sequence numbers."""
    stream = streams.get((*place, arn.rsplit("/", 1)[-1]))
    if stream is None:
        return 0
    count = 0
    for shard_id, shard in stream["shards"].items():
        last = positions.get(shard_id, "")
        for record in reversed(shard["records"]):
            if record["SequenceNumber"] <= last:
                break
            count += 1
    return count
