"""Records as Kinesis delivers them, and the queue for those that no retry will ever make readable."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes import KinesisStreamEvent

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True)
class Delivered:
    """One record as Kinesis delivered it."""

    sequence_number: str
    data: bytes


def delivered(event: KinesisStreamEvent) -> list[Delivered]:
    """Take the records out of a function's event."""
    return [Delivered(record.kinesis.sequence_number, record.kinesis.data_as_bytes()) for record in event.records]


class RefusedRecords:
    """The failure queue, for records that cannot be read.

    Args:
        client: SQS client.
        queue_url: Address of the failure queue.
    """

    def __init__(self, client: SQSClient, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def keep(self, record: Delivered, reason: str, failed: list[str], logger: Logger) -> bool:
        """Keep a record with its bytes and the reason; where even that fails, report it, so that it comes again.

        Returns:
            Whether it was kept.
        """
        body = {
            "reason": reason,
            "sequence_number": record.sequence_number,
            "data_base64": base64.b64encode(record.data).decode(),
        }
        try:
            self._client.send_message(QueueUrl=self._queue_url, MessageBody=json.dumps(body))
        except Exception:
            logger.exception("refused_record_not_kept", extra={"reason": reason})
            failed.append(record.sequence_number)
            return False
        logger.warning("record_refused", extra={"reason": reason, "sequence_number": record.sequence_number})
        return True
