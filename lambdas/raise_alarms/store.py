"""Alarm states and incidents in DynamoDB, written so that no record counts twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cutwatch.detection import codec
from cutwatch.detection.history import Outcome
from cutwatch.detection.incidents import Incident, Notice
from cutwatch.detection.messages import incident_plain
from cutwatch.detection.state import SeriesState
from cutwatch.errors import DataError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

STATE_ITEM = "state"
INCIDENT_ITEM = "incident#"


@dataclass(frozen=True)
class StoredSeries:
    """A series as the table holds it.

    Attributes:
        state: Its state; a fresh one for a series never seen.
        revision: Counts the writes; 0 for a series never seen.
        unsent: Notices that were stored but not yet known to be sent: the function may have died in between.
    """

    state: SeriesState
    revision: int
    unsent: tuple[Notice, ...]


class IncidentStore:
    """The incidents table: one `state` item a series, and one item an incident.

    A state and the notices it gave rise to are written in one step, on condition that nobody wrote in between. So a
    batch that comes again finds its records judged, and a notice is never lost, only, at worst, sent twice.

    Args:
        client: DynamoDB client.
        table: Name of the incidents table.
        keep: How long incidents stay after their last window.
    """

    def __init__(self, client: DynamoDBClient, table: str, keep: timedelta) -> None:
        self._client = client
        self._table = table
        self._keep = keep

    def load(self, series: str) -> StoredSeries:
        """Read a series' state."""
        item = self._client.get_item(
            TableName=self._table, Key={"series": {"S": series}, "item": {"S": STATE_ITEM}}, ConsistentRead=True
        ).get("Item")
        if item is None:
            return StoredSeries(SeriesState(series=series), 0, ())
        unsent = codec.loads(item["unsent"]["S"], _Notices, what="unsent notices", error=DataError)
        return StoredSeries(SeriesState.from_json(item["state"]["S"]), int(item["revision"]["N"]), unsent.notices)

    def save(self, before: StoredSeries, outcome: Outcome) -> StoredSeries:
        """Write state, incidents and unsent notices; returns the series as it stands then.

        Raises:
            TransactionCanceledException: Somebody wrote the series since it was loaded; the batch must come again.
        """
        after = StoredSeries(outcome.state, before.revision + 1, before.unsent + outcome.notices)
        writes = [self._incident_write(incident) for incident in outcome.incidents]
        writes.append(self._state_write(after, before.revision))
        # A transaction holds 100 writes. The state goes with the last: what fails before it is simply written again.
        for start in range(0, len(writes), 100):
            self._client.transact_write_items(TransactItems=writes[start : start + 100])
        return after

    def mark_sent(self, series: StoredSeries) -> None:
        """Note that all its notices went out."""
        self._client.update_item(
            TableName=self._table,
            Key={"series": {"S": series.state.series}, "item": {"S": STATE_ITEM}},
            UpdateExpression="SET unsent = :none",
            ConditionExpression="revision = :revision",
            ExpressionAttributeValues={":none": {"S": _dump(())}, ":revision": {"N": str(series.revision)}},
        )

    def _state_write(self, after: StoredSeries, revision_before: int) -> TransactWriteItemTypeDef:
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    "series": {"S": after.state.series},
                    "item": {"S": STATE_ITEM},
                    "state": {"S": after.state.to_json()},
                    "revision": {"N": str(after.revision)},
                    "unsent": {"S": _dump(after.unsent)},
                },
                "ConditionExpression": "attribute_not_exists(series) OR revision = :revision",
                "ExpressionAttributeValues": {":revision": {"N": str(revision_before)}},
            }
        }

    def _incident_write(self, incident: Incident) -> TransactWriteItemTypeDef:
        expires = int((incident.last_bad + self._keep).timestamp())
        return {
            "Put": {
                "TableName": self._table,
                "Item": {
                    "series": {"S": incident.series},
                    "item": {"S": f"{INCIDENT_ITEM}{codec.format_time(incident.started)}"},
                    "status": {"S": "open" if incident.is_open else "over"},
                    "incident": {"S": json.dumps(incident_plain(incident))},
                    "expires_at": {"N": str(expires)},
                },
            }
        }


@dataclass(frozen=True)
class _Notices:
    notices: tuple[Notice, ...]


def _dump(notices: tuple[Notice, ...]) -> str:
    return json.dumps(codec.to_plain(_Notices(notices)))
