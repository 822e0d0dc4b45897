"""From nothing to explained incidents and back to nothing, through the real infrastructure code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cutwatch.clickstream.clicks import Clicks, events, tick
from cutwatch.clickstream.progress import show_progress
from cutwatch.clickstream.replay import Pace, Replayed, replay
from cutwatch.demo.cdk import Cdk
from cutwatch.demo.gather import Outputs, Subscriber, read_incidents, read_outputs, read_stream
from cutwatch.demo.steps import Steps
from cutwatch.demo.summary import Summary
from cutwatch.detection.evaluation import FaultResult, Label, evaluate, false_result
from cutwatch.detection.incidents import Incident
from cutwatch.detection.messages import incident_plain
from cutwatch.errors import OperatorError
from cutwatch.inventory import left_over
from cutwatch.localcloud import ACCOUNT, REGION, LocalCloud

STAGE = "demo"
LATENESS = timedelta(seconds=60)  # default of analytics.allowed_lateness_seconds
POISON = b"not JSON: it must end on the errors stream and stop nothing"


@dataclass(frozen=True)
class Input:
    """What is replayed.

    Attributes:
        parts: Clicks in order of time.
        start: Start of the first window.
        end: End of the last window.
        labels: Known faults; None when nobody labelled the clicks.
    """

    parts: Iterable[Clicks]
    start: datetime
    end: datetime
    labels: Sequence[Label] | None


def run_demo(
    given: Input,
    *,
    folder: Path,
    drain_timeout_seconds: float = 1800,
    settings: dict[str, str] | None = None,
) -> Summary:
    """Deploy to a local cloud, replay the clicks, gather what was found, destroy, and prove that nothing is left.

    Args:
        given: The clicks and their labels.
        folder: Where results and logs go.
        drain_timeout_seconds: How long the line may take to work off the clicks.
        settings: Further settings of the stage, dotted name to value.

    Raises:
        OperatorError: A step failed; its log is named.
    """
    folder.mkdir(parents=True, exist_ok=True)
    steps = Steps()
    with ExitStack() as stack:
        with steps.step("start the local cloud"):
            cloud = stack.enter_context(LocalCloud(log_file=folder / "localcloud.log"))
        subscriber = Subscriber(cloud.client, f"cutwatch-{STAGE}-subscriber")
        cdk = Cdk(
            cloud.environment(),
            folder=folder,
            settings={
                "stage": STAGE,
                # The clicks bring ticks of their own time along.
                "streams.ticks": "false",
                "alarms.subscriptions": subscriber.setting(),
                **(settings or {}),
            },
        )
        with steps.step("cdk bootstrap"):
            cdk.bootstrap(ACCOUNT, REGION)
        with steps.step("cdk deploy --all"):
            cdk.deploy()
        outputs = read_outputs(cloud.client, cdk.stack_names())
        with steps.step("replay the clicks"):
            sent = _replay(cloud, outputs, given)
        with steps.step("wait until every stream is worked off"):
            _drain(cloud, drain_timeout_seconds)
        with steps.step("gather incidents and notices"):
            incidents = read_incidents(cloud.client, outputs.incidents_table)
            notices = list(subscriber.read())
            refused = list(read_stream(cloud.client, outputs.errors_stream))
        _write(folder / "incidents.json", [incident_plain(incident) for incident in incidents])
        _write(folder / "notices.json", notices)
        _write(folder / "refused.json", refused)
        with steps.step("cdk destroy --all"):
            cdk.destroy()
        subscriber.remove()
        with steps.step("look for anything left"):
            remains = tuple(left_over(cloud.client, STAGE, absent_services=cloud.absent_services))
    faults, false = _compare(incidents, given)
    summary = Summary(sent.clicks, faults, false, len(notices), len(refused), tuple(steps.done), remains)
    (folder / "summary.json").write_text(summary.to_json())
    return summary


def _compare(incidents: Sequence[Incident], given: Input) -> tuple[tuple[FaultResult, ...], tuple[FaultResult, ...]]:
    if given.labels is None:
        return (), tuple(false_result(incident) for incident in incidents)
    found = evaluate(incidents, given.labels, start=given.start, end=given.end)
    return found.faults, found.false_incidents


def _replay(cloud: LocalCloud, outputs: Outputs, given: Input) -> Replayed:
    kinesis = cloud.client("kinesis")
    kinesis.put_record(StreamName=outputs.clicks_stream, Data=POISON, PartitionKey="poison")
    pace = Pace(records_per_second_per_shard=None)  # the local cloud has no rate limit
    with show_progress(given.start, given.end) as on_progress:
        sent = replay(kinesis, outputs.clicks_stream, events(given.parts), pace=pace, on_progress=on_progress)
    # Time has to pass for late clicks before the last window closes; nothing after the clicks is a window yet.
    kinesis.put_record(StreamName=outputs.clicks_stream, Data=tick(given.end + LATENESS), PartitionKey="tick")
    return sent


def _drain(cloud: LocalCloud, timeout_seconds: float) -> None:
    if not cloud.wait_until_drained(timeout_seconds):
        raise OperatorError(
            f"the clicks were not worked off in {timeout_seconds:.0f} s ({cloud.status()}); see {cloud.log_file}"
        )


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
