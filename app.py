"""The CDK app: settings, stacks, tags, checks, synth. Nothing else happens here."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# jsii runs CDK's own code on Node; the one beside this Python is pinned, whatever else the machine has.
if (node := Path(sys.executable).with_name("node")).exists():
    os.environ.setdefault("JSII_NODE", str(node))

import aws_cdk as cdk

from cutwatch.errors import CutwatchError
from stacks.alarms import AlarmsStack
from stacks.analytics import AnalyticsStack
from stacks.checks import add_checks
from stacks.models import ModelsStack
from stacks.settings import Settings, read_settings
from stacks.streams import StreamsStack

PACKAGE = "build/application.zip"


def build(app: cdk.App, settings: Settings, package: str = PACKAGE) -> None:
    """Put the stacks of one stage into the app."""
    name = f"Cutwatch-{settings.stage}"
    streams = StreamsStack(app, f"{name}-Streams", settings=settings)
    analytics = AnalyticsStack(app, f"{name}-Analytics", settings=settings, streams=streams, package=package)
    alarms = AlarmsStack(app, f"{name}-Alarms", settings=settings, streams=streams, analytics=analytics)
    if settings.models.enabled:
        ModelsStack(app, f"{name}-Models", settings=settings, streams=streams, alarms=alarms)
    cdk.Tags.of(app).add("application", "cutwatch")
    cdk.Tags.of(app).add("stage", settings.stage)
    add_checks(app)


def main() -> int:
    """Synthesise; an impossible setting is one sentence and exit code 4."""
    app = cdk.App()
    try:
        build(app, read_settings(app.node.get_all_context()))
    except CutwatchError as error:
        sys.stderr.write(f"cutwatch: {error}\n")
        return error.exit_code
    app.synth()
    return 0


if __name__ == "__main__":
    sys.exit(main())
