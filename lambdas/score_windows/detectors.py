"""The two detectors behind one door: a batch of rows in, score records out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from cutwatch.detection.records import ExpectedRange, ScoreRecord
from lambdas.score_windows.logic import band_windows, deepar_record, features, history_target, rcf_record
from lambdas.shared.endpoints import DeepArEndpoint, RcfEndpoint
from lambdas.shared.series_table import SeriesTable
from lambdas.shared.windows import WindowRow


class Detector(Protocol):
    """Scores rows, one after the other; may raise at any row, having yielded the ones before it."""

    def score(self, rows: Sequence[WindowRow]) -> Sequence[ScoreRecord]:
        """Score rows that are in order of time within each series."""


class RcfDetector:
    """SageMaker RandomCutForest: the rows of a batch in one request.

    Args:
        endpoint: Where the forest is.
        table: Where scores are kept.
        columns: The features, in the order of training.
        window_seconds: Length of a window.
    """

    def __init__(
        self, endpoint: RcfEndpoint, table: SeriesTable, *, columns: Sequence[str], window_seconds: int
    ) -> None:
        self._endpoint = endpoint
        self._table = table
        self._columns = columns
        self._window_seconds = window_seconds

    def score(self, rows: Sequence[WindowRow]) -> Sequence[ScoreRecord]:
        """Score the rows that have every feature."""
        complete = [(row, values) for row in rows if (values := features(row.values, self._columns)) is not None]
        if not complete:
            return ()
        scores = self._endpoint.score([values for _, values in complete])
        for (row, _), score in zip(complete, scores, strict=True):
            self._table.put_score(row.series, row.start, "sagemaker_rcf", score)
        return [
            rcf_record(row, score, window_seconds=self._window_seconds)
            for (row, _), score in zip(complete, scores, strict=True)
        ]


class DeepArDetector:
    """SageMaker DeepAR: a forecast whenever a window comes that no stored band covers.

    Driven by the windows alone, so that a replay of recorded clicks behaves as the live stream did.

    Args:
        endpoint: Where the model is.
        table: Where history and bands are.
        column: The counted column.
        window_seconds: Length of a window.
        history_windows: How far back a request goes.
    """

    def __init__(
        self, endpoint: DeepArEndpoint, table: SeriesTable, *, column: str, window_seconds: int, history_windows: int
    ) -> None:
        self._endpoint = endpoint
        self._table = table
        self._column = column
        self._window_seconds = window_seconds
        self._history_windows = history_windows

    def score(self, rows: Sequence[WindowRow]) -> Sequence[ScoreRecord]:
        """Hold each row against its band; a window without any history before it has none."""
        records = []
        for row in rows:
            band = self._table.band(row.series, row.start) or self._forecast(row)
            if band is not None and self._column in row.values:
                records.append(deepar_record(row, band, column=self._column, window_seconds=self._window_seconds))
        return records

    def _forecast(self, row: WindowRow) -> ExpectedRange | None:
        first = row.start - timedelta(seconds=self._history_windows * self._window_seconds)
        stored = self._table.history(row.series, first=first, before=row.start)
        history = history_target(stored, column=self._column, before=row.start, window_seconds=self._window_seconds)
        if history is None:
            return None
        bands = band_windows(row.start, self._endpoint.forecast(*history), window_seconds=self._window_seconds)
        for start, band in bands.items():
            self._table.put_band(row.series, start, band)
        return bands[row.start]
