"""The deployed line: clicks go in, streams are worked off, models are trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from cutwatch.clickstream.clicks import Clicks, Event, events, tick, to_ms
from cutwatch.clickstream.progress import show_progress
from cutwatch.clickstream.replay import Pace, replay
from cutwatch.demo.gather import Outputs
from cutwatch.detection.evaluation import Label
from cutwatch.errors import OperatorError
from cutwatch.localcloud import LocalCloud
from cutwatch.training import Trained, say_state, start_training, wait_for_training

LATENESS = timedelta(seconds=60)  # default of analytics.allowed_lateness_seconds
TRAINING_TIMEOUT_SECONDS = 900.0


@dataclass(frozen=True)
class Input:
    """What is replayed.

    Attributes:
        parts: Clicks in order of time.
        start: Start of the first window.
        end: End of the last window.
        labels: Known faults; None when nobody labelled the clicks.
    """

    parts: Iterable[Clicks]
    start: datetime
    end: datetime
    labels: Sequence[Label] | None


class Line:
    """The line of one stage, fed in parts.

    Args:
        cloud: Where it is deployed.
        outputs: Its names.
        given: The clicks.
        drain_timeout_seconds: How long the line may take to work off what is in its streams.

    Attributes:
        sent_clicks: Clicks sent so far.
    """

    def __init__(self, cloud: LocalCloud, outputs: Outputs, given: Input, drain_timeout_seconds: float) -> None:
        self.outputs = outputs
        self.sent_clicks = 0
        self._cloud = cloud
        self._kinesis = cloud.client("kinesis")
        self._given = given
        self._drain_timeout_seconds = drain_timeout_seconds
        self._events: Iterator[Event] = iter(events(given.parts))
        self._reached = given.start

    def put(self, data: bytes) -> None:
        """Put one record on the clicks stream as it is."""
        self._kinesis.put_record(StreamName=self.outputs.clicks_stream, Data=data, PartitionKey="one")

    def replay(self, until: datetime) -> None:
        """Send the clicks before a moment, then let enough time pass that their last windows close."""
        pace = Pace(records_per_second_per_shard=None)  # the local cloud has no rate limit
        with show_progress(self._reached, until) as on_progress:
            sent = replay(
                self._kinesis, self.outputs.clicks_stream, self._before(until), pace=pace, on_progress=on_progress
            )
        self.sent_clicks += sent.clicks
        self._reached = until
        # Late clicks are waited for; nothing from this moment on is a closed window yet.
        self.put(tick(until + LATENESS))

    def drain(self) -> None:
        """Wait until every stream is worked off. Raises OperatorError."""
        if not self._cloud.wait_until_drained(self._drain_timeout_seconds):
            raise OperatorError(
                f"the clicks were not worked off in {self._drain_timeout_seconds:.0f} s ({self._cloud.status()}); "
                f"see {self._cloud.log_file}"
            )

    def train(self) -> Trained:
        """Train the models, and say each state on stderr. Raises OperatorError."""
        assert self.outputs.state_machine_arn is not None, "the stage has models"
        client = self._cloud.client("stepfunctions")
        execution = start_training(client, self.outputs.state_machine_arn)
        return wait_for_training(
            client,
            execution,
            timeout_seconds=TRAINING_TIMEOUT_SECONDS,
            on_state=say_state,
        )

    def _before(self, until: datetime) -> Iterator[Event]:
        limit = to_ms(until)
        for event in self._events:
            if event.time_ms >= limit:
                self._events = chain([event], self._events)
                return
            yield event
