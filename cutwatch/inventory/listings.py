"""What kinds of resources there are and how AWS lists them, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

Item = Any  # what a list operation gives: a name or an object


@dataclass(frozen=True)
class Listing:
    """How one kind of resource is listed.

    Attributes:
        kind: what people call it.
        service: boto3's name of the service.
        operation: the list operation.
        key: where its answer has the items.
        name: gives an item's name.
        arguments: of the operation.
        keep: leaves out items that do not count, such as deleted ones.
        tags: fetches an item's tags, where the name does not tell whose it is.
        text: fetches a text that does, where there are no tags either.
    """

    kind: str
    service: str
    operation: str
    key: str
    name: Callable[[Item], str]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    keep: Callable[[Any, Item], bool] = lambda _client, _item: True
    tags: Callable[[Any, Item], Mapping[str, str]] | None = None
    text: Callable[[Any, Item], str] | None = None


def _of(key: str) -> Callable[[Item], str]:
    return lambda item: str(item[key])


def _itself(item: Item) -> str:
    return str(item)


def _pairs(tags: list[dict[str, str]], key: str = "Key", value: str = "Value") -> dict[str, str]:
    return {tag[key]: tag.get(value, "") for tag in tags}


def _key_tags(client: Any, item: Item) -> Mapping[str, str]:
    return _pairs(client.list_resource_tags(KeyId=item["KeyId"])["Tags"], "TagKey", "TagValue")


def _key_counts(client: Any, item: Item) -> bool:
    """Leave out AWS's own keys and those that wait for their deletion, which cost nothing."""
    try:
        key = client.describe_key(KeyId=item["KeyId"])["KeyMetadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "AccessDeniedException":
            return False  # a stranger's key: a stage's key lets the whole account look at it
        raise
    return bool(key["KeyManager"] == "CUSTOMER" and key["KeyState"] != "PendingDeletion")


def _parameter_tags(client: Any, item: Item) -> Mapping[str, str]:
    return _pairs(client.list_tags_for_resource(ResourceType="Parameter", ResourceId=item["Name"])["TagList"])


def _machine_tags(client: Any, item: Item) -> Mapping[str, str]:
    return _pairs(client.list_tags_for_resource(resourceArn=item["stateMachineArn"])["tags"], "key", "value")


def _application_tags(client: Any, item: Item) -> Mapping[str, str]:
    return _pairs(client.list_tags_for_resource(ResourceARN=item["ApplicationARN"])["Tags"])


def _alive(_client: Any, item: Item) -> bool:
    return bool(item["StackStatus"] != "DELETE_COMPLETE")


def _dashboard_text(client: Any, item: Item) -> str:
    return str(client.get_dashboard(DashboardName=item["DashboardName"])["DashboardBody"])


def _schedule(item: Item) -> str:
    return f"{item['GroupName']}/{item['Name']}"


def _mapping(item: Item) -> str:
    return f"{item['UUID']} to {item['FunctionArn']}"


LISTINGS = (
    Listing("stack", "cloudformation", "list_stacks", "StackSummaries", _of("StackName"), keep=_alive),
    Listing("stream", "kinesis", "list_streams", "StreamNames", _itself),
    Listing("application", "kinesisanalyticsv2", "list_applications", "ApplicationSummaries", _of("ApplicationName"),
            tags=_application_tags),
    Listing("function", "lambda", "list_functions", "Functions", _of("FunctionName")),
    Listing("layer", "lambda", "list_layers", "Layers", _of("LayerName")),
    Listing("event source mapping", "lambda", "list_event_source_mappings", "EventSourceMappings", _mapping),
    Listing("log group", "logs", "describe_log_groups", "logGroups", _of("logGroupName")),
    Listing("table", "dynamodb", "list_tables", "TableNames", _itself),
    Listing("bucket", "s3", "list_buckets", "Buckets", _of("Name")),
    Listing("queue", "sqs", "list_queues", "QueueUrls", lambda url: str(url).rsplit("/", 1)[-1]),
    Listing("topic", "sns", "list_topics", "Topics", _of("TopicArn")),
    Listing("rule", "events", "list_rules", "Rules", _of("Name")),
    Listing("schedule", "scheduler", "list_schedules", "Schedules", _schedule),
    Listing("schedule group", "scheduler", "list_schedule_groups", "ScheduleGroups", _of("Name")),
    Listing("parameter", "ssm", "describe_parameters", "Parameters", _of("Name"), tags=_parameter_tags),
    Listing("role", "iam", "list_roles", "Roles", _of("RoleName")),
    Listing("policy", "iam", "list_policies", "Policies", _of("PolicyName"), arguments={"Scope": "Local"}),
    Listing("key", "kms", "list_keys", "Keys", _of("KeyId"), keep=_key_counts, tags=_key_tags),
    Listing("key alias", "kms", "list_aliases", "Aliases", _of("AliasName")),
    Listing("alarm", "cloudwatch", "describe_alarms", "MetricAlarms", _of("AlarmName")),
    Listing("composite alarm", "cloudwatch", "describe_alarms", "CompositeAlarms", _of("AlarmName"),
            arguments={"AlarmTypes": ["CompositeAlarm"]}),
    Listing("dashboard", "cloudwatch", "list_dashboards", "DashboardEntries", _of("DashboardName"),
            text=_dashboard_text),
    Listing("state machine", "stepfunctions", "list_state_machines", "stateMachines", _of("name"), tags=_machine_tags),
    Listing("endpoint", "sagemaker", "list_endpoints", "Endpoints", _of("EndpointName")),
    Listing("endpoint configuration", "sagemaker", "list_endpoint_configs", "EndpointConfigs",
            _of("EndpointConfigName")),
    Listing("model", "sagemaker", "list_models", "Models", _of("ModelName")),
)  # fmt: skip
