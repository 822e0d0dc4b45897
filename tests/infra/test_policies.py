"""Rules for everything the stacks make: checked findings, encryption, retention, permissions, no leftovers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs
from cfnlint import api as cfnlint
from cfnlint.config import ManualArgs

from stacks.checks import add_checks

Templates = Mapping[str, Mapping[str, Any]]

# Findings of cfn-lint that are left alone, with why.
IGNORED = ["W3005"]  # CDK writes dependencies that a reference implies already


@pytest.fixture(params=["default_stage", "varied_stage", "bare_stage"])
def templates(request: pytest.FixtureRequest) -> Templates:
    found: Templates = request.getfixturevalue(request.param)
    return found


def every_resource(templates: Templates) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for template in templates.values():
        yield from template["Resources"].items()


def test_a_violation_stops_synth(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path), analytics_reporting=False)
    sqs.Queue(cdk.Stack(app, "Bad"), "Queue")  # neither TLS only nor with a dead-letter queue
    add_checks(app)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()


def test_cfn_lint_finds_nothing(templates: Templates) -> None:
    for name, template in templates.items():
        assert [f"{name}: {match}" for match in _lint(template)] == []


def _lint(template: Mapping[str, Any]) -> list[Any]:
    config = ManualArgs(ignore_checks=IGNORED, regions=["us-east-1"])
    return list(cfnlint.lint(json.dumps(template), config=config))


def test_nothing_outlives_its_stack(templates: Templates) -> None:
    for name, resource in every_resource(templates):
        assert resource.get("DeletionPolicy", "Delete") == "Delete", name
        assert resource.get("UpdateReplacePolicy", "Delete") == "Delete", name


# They name another resource, not themselves.
REFERRING = ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission")


def test_names_are_left_to_cloudformation(templates: Templates) -> None:
    named = ("Name", "StreamName", "TableName", "QueueName", "TopicName", "BucketName", "FunctionName", "RoleName")
    for name, resource in every_resource(templates):
        if resource["Type"].startswith("Custom::") or resource["Type"] in REFERRING:
            continue
        properties = resource.get("Properties", {})
        given = [key for key in named if isinstance(properties.get(key), str)]
        assert given == [], name


@pytest.mark.parametrize(
    ("kind", "encrypted_by"),
    [
        ("AWS::Kinesis::Stream", "StreamEncryption"),
        ("AWS::DynamoDB::Table", "SSESpecification"),
        ("AWS::S3::Bucket", "BucketEncryption"),
        ("AWS::SQS::Queue", "KmsMasterKeyId"),
        ("AWS::SNS::Topic", "KmsMasterKeyId"),
    ],
)
def test_every_store_is_encrypted(templates: Templates, kind: str, encrypted_by: str) -> None:
    stores = [resource for _, resource in every_resource(templates) if resource["Type"] == kind]
    assert stores
    for store in stores:
        assert encrypted_by in store["Properties"]


def test_every_log_group_forgets(templates: Templates) -> None:
    groups = [part["Properties"] for _, part in every_resource(templates) if part["Type"] == "AWS::Logs::LogGroup"]
    assert groups
    assert all(group["RetentionInDays"] <= 365 for group in groups)
    functions = [part["Properties"] for _, part in every_resource(templates) if part["Type"] == "AWS::Lambda::Function"]
    assert all("LogGroup" in function["LoggingConfig"] for function in functions)


def test_only_tls_reaches_buckets_queues_and_topics(templates: Templates) -> None:
    kinds = {"AWS::S3::Bucket": "BucketPolicy", "AWS::SQS::Queue": "QueuePolicy", "AWS::SNS::Topic": "TopicPolicy"}
    for kind, policy in kinds.items():
        stores = sum(part["Type"] == kind for _, part in every_resource(templates))
        policies = [part for _, part in every_resource(templates) if part["Type"].endswith(policy)]
        assert stores == len(policies)
        for one in policies:
            assert '"aws:SecureTransport": "false"' in json.dumps(one)


# What may hold a wildcard, with why: anything else is a mistake.
WILDCARDS = {
    r'"Action": \["kms:Decrypt", "kms:GenerateDataKey\*"\]': "CDK's topic grant, on the stage's key alone",
    r"kms:(ReEncrypt|GenerateDataKey)\*": "CDK's queue and schedule grants, on the stage's key alone",
    r"application-state/\*": "objects whose names are not known before",
    r'"/\*"': "emptying a bucket means every object in it",
    r"(training|models|labels)/\*": "objects that each training run names anew",
    r'":\*"': "a function with all its versions, executions of one state machine",
    r"/aws/sagemaker/(Endpoints/cutwatch-\w+-models-)?\*": "log groups and metrics that SageMaker itself names",
    r"(training-job|model|endpoint|endpoint-config)/cutwatch-\w+-models-\*": "what each training run names anew",
    r"execution:cutwatch-\w+-models-training:\*": "executions of one state machine",
    # Single actions that take no resource, each beside its reason in the code.
    r'"Action": "ecr:GetAuthorizationToken", "Effect": "Allow", "Resource": "\*"': "a token for a registry",
    r'"Action": "cloudwatch:PutMetricData", [^}]*}}, "Effect": "Allow", "Resource": "\*"': "bounded by namespace",
    r'"Action": \[("sagemaker:List\w+"(, )?)+\], "Effect": "Allow", "Resource": "\*"': "listing",
    r'"Action": \[("xray:\w+"(, )?)+\], "Effect": "Allow", "Resource": "\*"': "tracing",
    r'"Action": \[("logs:\w+"(, )?)+\], "Effect": "Allow", "Resource": "\*"': "log delivery of a state machine",
}


def test_every_wildcard_in_a_permission_is_known(templates: Templates) -> None:
    for name, resource in every_resource(templates):
        if resource["Type"] != "AWS::IAM::Policy":
            continue
        text = json.dumps(resource["Properties"]["PolicyDocument"])
        for pattern in WILDCARDS:
            text = re.sub(pattern, "", text)
        statements = re.findall(r'"[^"]*\*[^"]*"', text)
        assert statements == [], name


def test_no_managed_policy_is_attached(templates: Templates) -> None:
    for name, resource in every_resource(templates):
        if resource["Type"] == "AWS::IAM::Role":
            assert "ManagedPolicyArns" not in resource["Properties"], name
