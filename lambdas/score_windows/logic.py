"""How a window is scored by SageMaker's detectors. Pure but for the detector that is passed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from cutwatch.detection.records import ExpectedRange, ScoreRecord
from lambdas.shared.series_table import StoredWindow
from lambdas.shared.windows import WindowRow


def features(row: Mapping[str, float], columns: Sequence[str]) -> list[float] | None:
    """Return the row's features in the model's order, None where one is missing."""
    return [row[column] for column in columns] if all(column in row for column in columns) else None


def rcf_record(row: WindowRow, score: float, *, window_seconds: int) -> ScoreRecord:
    """Write SageMaker RCF's score as a record; the service attributes nothing to columns."""
    return ScoreRecord(
        detector="sagemaker_rcf",
        series=row.series,
        window_start=row.start,
        window_seconds=window_seconds,
        values=row.values,
        score=score,
    )


def deepar_record(row: WindowRow, band: ExpectedRange, *, column: str, window_seconds: int) -> ScoreRecord:
    """Write DeepAR's expectation as a record: inside or outside its band is the judgement's to say."""
    return ScoreRecord(
        detector="deepar",
        series=row.series,
        window_start=row.start,
        window_seconds=window_seconds,
        values=row.values,
        expected={column: band},
    )


def history_target(
    windows: Iterable[StoredWindow], *, column: str, before: datetime, window_seconds: int
) -> tuple[datetime, list[float | None]] | None:
    """Lay a history on the grid of windows.

    Args:
        windows: Stored windows in order of time; those without counts are forecasts only.
        column: The counted column.
        before: Start of the first window to forecast.
        window_seconds: Length of a window.

    Returns:
        Start of the first window and one value a window up to `before`, None where one is missing; None when there is
        no history at all.
    """
    known = {window.start: window.values[column] for window in windows if window.values and column in window.values}
    if not known:
        return None
    first, step = min(known), timedelta(seconds=window_seconds)
    count = int((before - first) / step)
    return first, [known.get(first + at * step) for at in range(count)]


def band_windows(
    before: datetime, bands: Sequence[ExpectedRange], *, window_seconds: int
) -> dict[datetime, ExpectedRange]:
    """Give each forecast its window: the first is the one that starts at `before`."""
    return {before + timedelta(seconds=at * window_seconds): band for at, band in enumerate(bands)}
