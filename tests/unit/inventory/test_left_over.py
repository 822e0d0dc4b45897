"""The inventory sees each kind of resource of a stage, and nothing else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from cutwatch.errors import OperatorError
from cutwatch.inventory import left_over
from cutwatch.inventory.listings import LISTINGS

ABSENT = {"sagemaker"}
TAGS = [{"Key": "application", "Value": "cutwatch"}, {"Key": "stage", "Value": "dev"}]


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        yield


def client(service: str) -> Any:
    return boto3.client(service, region_name="us-east-1")  # type: ignore[call-overload]


def test_an_empty_account_has_nothing() -> None:
    assert left_over(client, "dev") == []


def test_each_kind_is_seen_and_other_stages_are_not() -> None:
    for stage in ("dev", "dev-2"):
        name = f"Cutwatch-{stage}-Streams-X"
        client("kinesis").create_stream(StreamName=name, ShardCount=1)
        client("s3").create_bucket(Bucket=name.lower())
        client("s3").put_object(Bucket=name.lower(), Key="a", Body=b"1")
        client("sqs").create_queue(QueueName=name)
        client("sns").create_topic(Name=name)
        client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
        client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
        client("dynamodb").create_table(
            TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        )  # fmt: skip
        client("cloudwatch").put_dashboard(DashboardName=f"Page{stage}", DashboardBody=f'{{"widgets": ["{name}"]}}')
    assert left_over(client, "dev") == [
        "bucket cutwatch-dev-streams-x (1 objects)",
        "dashboard Pagedev",
        "log group /aws/lambda/Cutwatch-dev-Streams-X",
        "queue Cutwatch-dev-Streams-X",
        "role Cutwatch-dev-Streams-X",
        "stream Cutwatch-dev-Streams-X",
        "table Cutwatch-dev-Streams-X",
        "topic arn:aws:sns:us-east-1:123456789012:Cutwatch-dev-Streams-X",
    ]


def test_tags_tell_of_parameters_and_keys() -> None:
    client("ssm").put_parameter(Name="CFN-Settings-1", Value="{}", Type="String", Tags=TAGS)
    client("ssm").put_parameter(Name="CFN-Settings-2", Value="{}", Type="String")
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in TAGS]
    kept = client("kms").create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    gone = client("kms").create_key(Tags=tags)["KeyMetadata"]["KeyId"]
    client("kms").schedule_key_deletion(KeyId=gone, PendingWindowInDays=7)
    assert left_over(client, "dev") == [f"key {kept}", "parameter CFN-Settings-1"]


def test_deleted_stacks_do_not_count_and_others_do() -> None:
    template = '{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}'
    for name in ("Cutwatch-dev-Alarms", "Cutwatch-dev-Streams"):
        client("cloudformation").create_stack(StackName=name, TemplateBody=template)
    client("cloudformation").delete_stack(StackName="Cutwatch-dev-Alarms")
    found = left_over(client, "dev")
    assert [line for line in found if line.startswith("stack")] == ["stack Cutwatch-dev-Streams"]


def test_event_source_mappings_are_told_by_their_function() -> None:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    client("sqs").create_queue(QueueName="q")
    name = "Cutwatch-dev-Alarms-Raiser"
    client("lambda").create_function(
        FunctionName=name, Runtime="python3.13", Role="arn:aws:iam::123456789012:role/r", Handler="a.b",
        Code={"ZipFile": buffer.getvalue()},
    )  # fmt: skip
    client("lambda").create_event_source_mapping(
        FunctionName=name, EventSourceArn="arn:aws:sqs:us-east-1:123456789012:q"
    )
    kinds = [line.split(" Cutwatch")[0].split(" to ")[0].rsplit(" ", 1)[0] for line in left_over(client, "dev")]
    assert "event source mapping" in kinds


def test_pages_are_followed() -> None:
    for number in range(130):  # DynamoDB lists 100 tables a page
        client("dynamodb").create_table(
            TableName=f"Cutwatch-dev-Streams-{number:03d}", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
        )  # fmt: skip
    assert len(left_over(client, "dev")) == 130


def test_what_cannot_be_seen_is_not_proven_gone() -> None:
    class Denied:
        def can_paginate(self, operation: str) -> bool:
            return False

        def list_stacks(self) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListStacks")

    with pytest.raises(OperatorError, match="whether a stack of dev is left cannot be told"):
        left_over(lambda _: Denied(), "dev")


def test_absent_services_are_left_out() -> None:
    asked = []

    def recorded(service: str) -> Any:
        asked.append(service)
        return client(service)

    left_over(recorded, "dev", absent_services=ABSENT)
    assert set(asked) == {listing.service for listing in LISTINGS} - ABSENT
