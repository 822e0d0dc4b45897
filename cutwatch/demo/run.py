"""From nothing to explained incidents and back to nothing, through the real infrastructure code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from cutwatch.demo.article import band_coverage, compare_with_article
from cutwatch.demo.cdk import Cdk
from cutwatch.demo.gather import Subscriber, read_incidents, read_outputs, read_series, read_stream
from cutwatch.demo.line import Input, Line
from cutwatch.demo.steps import Steps
from cutwatch.demo.summary import Summary
from cutwatch.detection import codec
from cutwatch.detection.evaluation import FaultResult, evaluate, false_result
from cutwatch.detection.incidents import Incident
from cutwatch.detection.messages import incident_plain
from cutwatch.inventory import left_over
from cutwatch.localcloud import ACCOUNT, REGION, LocalCloud
from cutwatch.training import Trained

STAGE = "demo"
MINIMUM_TRAINING = timedelta(days=7)  # default of models.minimum_windows
POISON = b"not JSON: it must end on the errors stream and stop nothing"


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
        line = Line(cloud, outputs, given, drain_timeout_seconds)
        line.put(POISON)
        trained = _replay_and_train(line, given, steps)
        with steps.step("gather incidents and notices"):
            incidents = read_incidents(cloud.client, outputs.incidents_table)
            notices = list(subscriber.read())
            windows = read_series(cloud.client, outputs.series_table)
            refused = list(read_stream(cloud.client, outputs.errors_stream))
        _write(folder / "incidents.json", [incident_plain(incident) for incident in incidents])
        _write(folder / "notices.json", notices)
        _write(folder / "refused.json", refused)
        _write(folder / "series.json", codec.to_plain(windows))
        _write(folder / "training.json", None if trained is None else trained.output)
        with steps.step("cdk destroy --all"):
            cdk.destroy()
        subscriber.remove()
        with steps.step("look for anything left"):
            remains = tuple(left_over(cloud.client, STAGE, absent_services=cloud.absent_services))
    faults, false = _compare(incidents, given)
    summary = Summary(
        clicks=line.sent_clicks,
        faults=faults,
        false_incidents=false,
        notices=len(notices),
        refused_rows=len(refused),
        article=compare_with_article(given.labels or (), windows),
        band_coverage=band_coverage(given.labels or (), windows),
        steps=tuple(steps.done),
        left_over=remains,
    )
    (folder / "summary.json").write_text(summary.to_json())
    return summary


def _compare(incidents: Sequence[Incident], given: Input) -> tuple[tuple[FaultResult, ...], tuple[FaultResult, ...]]:
    if given.labels is None:
        return (), tuple(false_result(incident) for incident in incidents)
    found = evaluate(incidents, given.labels, start=given.start, end=given.end)
    return found.faults, found.false_incidents


def _replay_and_train(line: Line, given: Input, steps: Steps) -> Trained | None:
    """Replay everything; where the stage has models, train them when all but the last day is through."""
    cut = given.end - timedelta(days=1)
    if line.outputs.state_machine_arn is None or cut - given.start < MINIMUM_TRAINING:
        with steps.step("replay the clicks"):
            line.replay(given.end)
        with steps.step("wait until every stream is worked off"):
            line.drain()
        return None
    with steps.step("replay all days but the last"):
        line.replay(cut)
    with steps.step("wait until every stream is worked off"):
        line.drain()
    with steps.step("train SageMaker RCF and DeepAR"):
        trained = line.train()
    with steps.step("replay the last day"):
        line.replay(given.end)
    with steps.step("wait until every stream is worked off again"):
        line.drain()
    return trained


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
