"""Where notices go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lambdas.raise_alarms.logic import Message

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Notifier:
    """Publishes messages to the topic: text for people, JSON for machines.

    Args:
        client: SNS client.
        topic_arn: ARN of the notices topic.
    """

    def __init__(self, client: SNSClient, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def send(self, message: Message) -> None:
        """Publish one message; attributes allow subscribers to filter by kind and severity."""
        machines = dict.fromkeys(("sqs", "lambda", "http", "https"), message.body)
        self._client.publish(
            TopicArn=self._topic_arn,
            Subject=message.subject,
            MessageStructure="json",
            Message=json.dumps({"default": message.text, "email": message.text, "sms": message.subject, **machines}),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in (("kind", message.kind), ("severity", message.severity), ("key", message.key))
            },
        )
