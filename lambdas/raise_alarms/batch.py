"""One batch of the scores stream: what is judged, what is refused, what must come again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aws_lambda_powertools import Logger

from cutwatch.detection.grouping import group_notices
from cutwatch.detection.history import judge_records
from cutwatch.detection.incidents import Notice
from cutwatch.detection.records import ScoreRecord, parse_score_record
from cutwatch.detection.settings import DetectionSettings
from cutwatch.errors import DataError
from lambdas.raise_alarms.adapters import Notifier
from lambdas.raise_alarms.logic import group_by_series, write
from lambdas.raise_alarms.store import IncidentStore, StoredSeries
from lambdas.shared.delivery import Delivered, RefusedRecords


@dataclass
class BatchResult:
    """What came of a batch.

    Attributes:
        failed: Sequence numbers to report as failed: Kinesis delivers from the lowest of them on again.
        judged: Records judged.
        refused: Records that could not be read and now wait in the failure queue.
        sent: Notices sent.
    """

    failed: list[str] = field(default_factory=list)
    judged: int = 0
    refused: int = 0
    sent: int = 0


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
        result = BatchResult()
        records: list[ScoreRecord] = []
        first_of: dict[str, str] = {}
        for delivered in batch:
            try:
                record = parse_score_record(delivered.data)
            except DataError as error:
                result.refused += self.refused.keep(delivered, str(error), result.failed, self.logger)
                continue
            first_of.setdefault(record.series, delivered.sequence_number)
            records.append(record)
        stored: dict[str, StoredSeries] = {}
        for series, group in group_by_series(records).items():
            try:
                stored[series] = self._judge(series, group)
                result.judged += len(group)
            except Exception:
                self.logger.exception("series_failed", extra={"series": series, "records": len(group)})
                result.failed.append(first_of[series])
        # Only what is stored is told: whoever dies from here on leaves it to the next delivery.
        unhappy = self._tell(stored, result)
        result.failed += [first_of[series] for series in unhappy]
        return result

    def _judge(self, series: str, records: Sequence[ScoreRecord]) -> StoredSeries:
        before = self.store.load(series)
        return self.store.save(before, judge_records(self.settings, before.state, records))

    def _tell(self, stored: dict[str, StoredSeries], result: BatchResult) -> set[str]:
        """Send what is unsent, openings of several series as one; returns the series that must come again."""
        unsent = sorted((notice for one in stored.values() for notice in one.unsent), key=lambda notice: notice.moment)
        unhappy: set[str] = set()
        for notice in group_notices(unsent, within_minutes=self.settings.group_minutes):
            try:
                self._send(notice)
                result.sent += 1
            except Exception:
                self.logger.exception("notice_failed", extra={"key": notice.key})
                unhappy |= {notice.incident.series, *(other.series for other in notice.together)}
        for series, one in stored.items():
            if one.unsent and series not in unhappy:
                try:
                    self.store.mark_sent(one)
                except Exception:
                    self.logger.exception("sent_notices_not_marked", extra={"series": series})
                    unhappy.add(series)
        return unhappy

    def _send(self, notice: Notice) -> None:
        message = write(notice, time_zone=self.settings.time_zone)
        self.notifier.send(message)
        self.logger.info("notice_sent", extra={"key": message.key, "kind": message.kind, "subject": message.subject})
