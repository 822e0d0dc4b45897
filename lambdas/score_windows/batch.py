"""One batch of the windows stream for one detector."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from aws_lambda_powertools import Logger

from cutwatch.detection.records import ScoreRecord
from cutwatch.errors import DataError
from lambdas.score_windows.detectors import Detector
from lambdas.shared.delivery import Delivered, RefusedRecords
from lambdas.shared.series_table import SeriesTable
from lambdas.shared.windows import WindowRow, parse_window_row


@dataclass
class BatchResult:
    """What came of a batch.

    Attributes:
        failed: Sequence numbers to report as failed: Kinesis delivers from the lowest of them on again.
        recorded: Rows stored.
        scored: Score records written.
        refused: Records that are no rows and now wait in the failure queue.
    """

    failed: list[str] = field(default_factory=list)
    recorded: int = 0
    scored: int = 0
    refused: int = 0


@dataclass(frozen=True)
class WindowScorer:
    """Records every row, and scores it once there is a model.

    Attributes:
        table: The series table.
        detector: The detector; None while it is still learning: rows are recorded, nothing is scored.
        publish: Writes score records to the scores stream.
        refused: The failure queue.
        series: Key of rows that name no series.
        window_seconds: Length of a window.
        logger: Structured log.
    """

    table: SeriesTable
    detector: Detector | None
    publish: Callable[[Iterable[ScoreRecord]], None]
    refused: RefusedRecords
    series: str
    window_seconds: int
    logger: Logger

    def process(self, batch: Iterable[Delivered]) -> BatchResult:
        """Score a batch. When the endpoint does not answer, the rows come again; they are recorded all the same."""
        result = BatchResult()
        rows: list[tuple[str, WindowRow]] = []
        for delivered in batch:
            try:
                row = parse_window_row(delivered.data, series=self.series, window_seconds=self.window_seconds)
            except DataError as error:
                result.refused += self.refused.keep(delivered, str(error), result.failed, self.logger)
                continue
            self.table.put_row(row)
            result.recorded += 1
            rows.append((delivered.sequence_number, row))
        if not rows or self.detector is None:
            return result
        try:
            records = self.detector.score([row for _, row in rows])
            self.publish(records)
            result.scored = len(records)
        except Exception:
            self.logger.exception("windows_not_scored", extra={"rows": len(rows)})
            result.failed.append(rows[0][0])
        return result
