"""One batch of the scores stream: what is judged, what is refused, what must come again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aws_lambda_powertools import Logger

from cutwatch.detection.records import ScoreRecord, parse_score_record
from cutwatch.detection.settings import DetectionSettings
from cutwatch.errors import DataError
from lambdas.raise_alarms.adapters import Notifier, RefusedRecords
from lambdas.raise_alarms.logic import Message, group_by_series, judge_records
from lambdas.raise_alarms.store import IncidentStore


@dataclass(frozen=True)
class Delivered:
    """One record as Kinesis delivered it."""

    sequence_number: str
    data: bytes


@dataclass(frozen=True)
class BatchResult:
    """What came of a batch.

    Attributes:
        failed: Sequence numbers to report as failed: Kinesis delivers from the lowest of them on again.
        judged: Records judged.
        refused: Records that could not be read and now wait in the failure queue.
        sent: Messages sent.
    """

    failed: tuple[str, ...]
    judged: int
    refused: int
    sent: tuple[Message, ...]


@dataclass(frozen=True)
class AlarmRaiser:
    """Judges batches. Each series is loaded and saved once a batch, and fails on its own.

    Attributes:
        settings: The stage's detection settings.
        store: The incidents table.
        notifier: The notices topic.
        refused: The failure queue.
        logger: Structured log.
    """

    settings: DetectionSettings
    store: IncidentStore
    notifier: Notifier
    refused: RefusedRecords
    logger: Logger

    def process(self, batch: Iterable[Delivered]) -> BatchResult:
        """Judge a batch; whatever fails is reported, and nothing is lost."""
        failed: list[str] = []
        sent: list[Message] = []
        refused = judged = 0
        first_of: dict[str, str] = {}
        records: list[ScoreRecord] = []
        for delivered in batch:
            try:
                record = parse_score_record(delivered.data)
            except DataError as error:
                refused += self._refuse(delivered, str(error), failed)
                continue
            first_of.setdefault(record.series, delivered.sequence_number)
            records.append(record)
        for series, group in group_by_series(records).items():
            try:
                sent += self._judge(series, group)
                judged += len(group)
            except Exception:
                self.logger.exception("series_failed", extra={"series": series, "records": len(group)})
                failed.append(first_of[series])
        return BatchResult(tuple(failed), judged, refused, tuple(sent))

    def _refuse(self, delivered: Delivered, reason: str, failed: list[str]) -> bool:
        try:
            self.refused.put(delivered.data, sequence_number=delivered.sequence_number, reason=reason)
        except Exception:
            self.logger.exception("refused_record_not_kept", extra={"reason": reason})
            failed.append(delivered.sequence_number)
            return False
        self.logger.warning("record_refused", extra={"reason": reason, "sequence_number": delivered.sequence_number})
        return True

    def _judge(self, series: str, records: Sequence[ScoreRecord]) -> tuple[Message, ...]:
        loaded = self.store.load(series)
        # What an earlier run stored but did not send comes first: it may have died in between.
        left_over = loaded.unsent
        for message in left_over:
            self.notifier.send(message)
        outcome = judge_records(self.settings, loaded.state, records)
        saved = self.store.save(loaded, outcome)
        for message in outcome.messages:
            self.notifier.send(message)
            self.logger.info(
                "notice_sent", extra={"key": message.key, "kind": message.kind, "subject": message.subject}
            )
        if outcome.messages:
            self.store.mark_sent(saved)
        return left_over + outcome.messages
