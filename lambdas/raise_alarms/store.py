"""Alarm states and incidents in DynamoDB, written so that no record counts twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from cutwatch.detection import codec
from cutwatch.detection.incidents import Incident
from cutwatch.detection.state import SeriesState
from lambdas.raise_alarms.logic import Message, Outcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

STATE_ITEM = "state"
INCIDENT_ITEM = "incident#"


@dataclass(frozen=True)
class Loaded:
    """A series as the table holds it.

    Attributes:
        state: Its state; a fresh one for a series never seen.
        revision: Counts the writes; 0 for a series never seen.
        unsent: Messages that were stored but perhaps not sent, because the function died in between.
    """

    state: SeriesState
    revision: int
    unsent: tuple[Message, ...]


class IncidentStore:
    """The incidents table: one `state` item a series, and one item an incident.

    A state and the messages it gave rise to are written in one step, on condition that nobody wrote in between. So a
    batch that comes again finds its records judged, and a message is never lost, only, at worst, sent twice.

    Args:
        client: DynamoDB client.
        table: Name of the incidents table.
        keep: How long incidents stay after their last window.
    """

    def __init__(self, client: DynamoDBClient, table: str, keep: timedelta) -> None:
        self._client = client
        self._table = table
        self._keep = keep

    def load(self, series: str) -> Loaded:
        """Read a series' state."""
        item = self._client.get_item(
            TableName=self._table, Key={"series": {"S": series}, "item": {"S": STATE_ITEM}}, ConsistentRead=True
        ).get("Item")
        if item is None:
            return Loaded(SeriesState(series=series), 0, ())
        unsent = tuple(Message(**message) for message in json.loads(item["unsent"]["S"]))
        return Loaded(SeriesState.from_json(item["state"]["S"]), int(item["revision"]["N"]), unsent)

    def save(self, before: Loaded, outcome: Outcome) -> Loaded:
        """Write state, incidents and unsent messages in one transaction; returns the series as it stands then.

        Raises:
            TransactionCanceledException: Somebody wrote the series since it was loaded; the batch must come again.
        """
        after = Loaded(outcome.state, before.revision + 1, outcome.messages)
        writes = [self._incident_write(incident) for incident in outcome.incidents]
        writes.append(self._state_write(after, before.revision))
        # A transaction holds 100 writes. The state goes with the last: what fails before it is simply written again.
        for start in range(0, len(writes), 100):
            self._client.transact_write_items(TransactItems=writes[start : start + 100])
        return after

    def mark_sent(self, loaded: Loaded) -> None:
        """Note that all messages went out."""
        self._client.update_item(
            TableName=self._table,
            Key={"series": {"S": loaded.state.series}, "item": {"S": STATE_ITEM}},
            UpdateExpression="SET unsent = :none",
            ConditionExpression="revision = :revision",
            ExpressionAttributeValues={":none": {"S": "[]"}, ":revision": {"N": str(loaded.revision)}},
        )

    def _state_write(self, after: Loaded, revision_before: int) -> TransactWriteItemTypeDef:
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
                    "incident": {"S": json.dumps(codec.to_plain(incident))},
                    "expires_at": {"N": str(expires)},
                },
            }
        }


def _dump(messages: Sequence[Message]) -> str:
    return json.dumps([asdict(message) for message in messages])
