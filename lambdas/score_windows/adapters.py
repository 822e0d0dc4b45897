"""Score records to their stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cutwatch.detection.records import ScoreRecord
from cutwatch.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

BATCH_RECORDS = 500  # the service's limit for one call


class ScoreStream:
    """The scores stream; a series' records keep their order.

    Args:
        client: Kinesis client.
        stream: Name of the stream.
    """

    def __init__(self, client: KinesisClient, stream: str) -> None:
        self._client = client
        self._stream = stream

    def put(self, records: Iterable[ScoreRecord]) -> None:
        """Write the records.

        Raises:
            OperatorError: The stream refused some; the rows come again, and what was written twice counts once.
        """
        entries = [{"Data": record.to_json().encode(), "PartitionKey": record.series} for record in records]
        for at in range(0, len(entries), BATCH_RECORDS):
            answer = self._client.put_records(
                StreamName=self._stream,
                Records=entries[at : at + BATCH_RECORDS],  # type: ignore[arg-type]
            )
            if answer["FailedRecordCount"]:
                codes = {part.get("ErrorCode") for part in answer["Records"] if part.get("ErrorCode")}
                raise OperatorError(f"stream {self._stream} refused {answer['FailedRecordCount']} records: {codes}")
