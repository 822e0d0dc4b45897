"""Synthesised stacks, made once for each set of settings."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

if (_node := Path(sys.executable).with_name("node")).exists():
    os.environ.setdefault("JSII_NODE", str(_node))

Templates = Mapping[str, Mapping[str, Any]]
Synth = Callable[..., Templates]

VARIED = {
    "stage": "prod",
    "streams.ticks": "false",
    "streams.clicks.mode": "on_demand",
    "analytics.parallelism": "4",
    "analytics.autoscaling": "true",
    "alarms.sigma": "4",
    "alarms.emails": "a@example.com,b@example.com",
    "alarms.operator_emails": "ops@example.com",
    "alarms.subscriptions": json.dumps(
        [
            {"protocol": "sqs", "endpoint": "arn:aws:sqs:us-east-1:123456789012:inbox"},
            {"protocol": "https", "endpoint": "https://example.com/hook"},
            {"protocol": "lambda", "endpoint": "arn:aws:lambda:us-east-1:123456789012:function:chat"},
            {"protocol": "sms", "endpoint": "+15550100"},
        ]
    ),
    "retention.logs_days": "7",
    "models.endpoint": "serverless",
    "models.retrain_days": "0",
}


@pytest.fixture(scope="session")
def synth(tmp_path_factory: pytest.TempPathFactory) -> Synth:
    """Synthesise with given context; the checks run, and a finding fails the synth."""
    package = tmp_path_factory.mktemp("package") / "application.zip"
    with zipfile.ZipFile(package, "w") as zipped:
        zipped.writestr(zipfile.ZipInfo("main.py"), "")
        zipped.writestr(zipfile.ZipInfo("manifest.json"), '{"connector": null}')

    def run(folder: Path, context: Mapping[str, Any]) -> Templates:
        import aws_cdk as cdk

        from app import build
        from stacks.settings import read_settings

        defaults = json.loads(Path("cdk.json").read_text())["context"]
        app = cdk.App(outdir=str(folder), context={**defaults, **context}, analytics_reporting=False)
        build(app, read_settings(app.node.get_all_context()), str(package))
        app.synth()
        return {
            path.name.split(".")[0]: json.loads(path.read_text()) for path in sorted(folder.glob("*.template.json"))
        }

    @cache
    def once(items: tuple[tuple[str, str], ...], repeat: int) -> Templates:
        return run(tmp_path_factory.mktemp("cdk.out"), dict(items))

    return lambda context=None, repeat=0: once(tuple(sorted((context or {}).items())), repeat)


@pytest.fixture(scope="session")
def default_stage(synth: Synth) -> Templates:
    """The stage with nothing but defaults."""
    return synth()


@pytest.fixture(scope="session")
def bare_stage(synth: Synth) -> Templates:
    """A stage without SageMaker's detectors."""
    return synth({"stage": "bare", "models": "off"})


@pytest.fixture(scope="session")
def varied_stage(synth: Synth) -> Templates:
    """A stage with every switch away from its default."""
    return synth(VARIED)
