"""The Numenta Anomaly Benchmark through the default pipeline: each file's values as a series with a count alone.

Takes a checkout of https://github.com/numenta/NAB, or a folder of `group__file.csv[.gz]` with a `labels.json` in the
form of its `combined_windows.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cutwatch.clickstream.row_files import read_rows
from cutwatch.clickstream.rows import Rows
from cutwatch.clickstream.scoring import score_records
from cutwatch.detection.codec import parse_time
from cutwatch.detection.judgement import judge
from cutwatch.detection.nab import REWARD_LOW_FN, REWARD_LOW_FP, STANDARD, CorpusScore, ScoredFile, score_corpus
from cutwatch.detection.settings import DetectionSettings
from cutwatch.detection.state import SeriesState
from cutwatch.errors import OperatorError

Windows = tuple[tuple[datetime, datetime], ...]
PROFILES = {"standard": STANDARD, "reward_low_FP_rate": REWARD_LOW_FP, "reward_low_FN_rate": REWARD_LOW_FN}


@dataclass(frozen=True)
class CorpusResult:
    """What a judgement of the corpus came to: the score by profile, and each file's surprises."""

    scores: dict[str, CorpusScore]
    files: dict[str, ScoredFile]


def judge_corpus(path: str, settings: DetectionSettings) -> CorpusResult:
    """Judge every labelled file of a corpus. Raises OperatorError, DataError."""
    files = {name: judge_file(rows, windows, settings) for name, rows, windows in read_corpus(Path(path), settings)}
    return CorpusResult({name: score_corpus(files.values(), costs) for name, costs in PROFILES.items()}, files)


def judge_file(rows: Rows, windows: Windows, settings: DetectionSettings) -> ScoredFile:
    """Judge one file; a row's score is the judge's surprise."""
    state, surprises = SeriesState(), []
    for record in score_records(rows):
        verdict = judge(settings, state, record)
        state = verdict.state
        surprises.append(verdict.surprise)
    return ScoredFile([rows.time(at) for at in range(len(rows))], surprises, windows)


def read_corpus(root: Path, settings: DetectionSettings) -> Iterator[tuple[str, Rows, Windows]]:
    """Yield name, rows and labelled windows of every file that has labels."""
    checkout, folder = root / "labels" / "combined_windows.json", root / "labels.json"
    labels = checkout if checkout.exists() else folder
    try:
        by_name = json.loads(labels.read_bytes())
    except (OSError, ValueError) as cause:
        raise OperatorError(
            f"{root}: neither {checkout.name} nor {folder.name} can be read; allowed: a NAB checkout"
        ) from cause
    for name, spans in sorted(by_name.items()):
        file = root / "data" / name if labels is checkout else _flat(root, name)
        rows = read_rows(str(file), rename={"value": settings.count_column})
        wanted = rows.columns.index(settings.count_column)
        alone = Rows(rows.times_ms, rows.window_seconds, (settings.count_column,), rows.values[:, [wanted]])
        yield name, alone, tuple((parse_time(start), parse_time(end)) for start, end in spans)


def _flat(root: Path, name: str) -> Path:
    flat = root / name.replace("/", "__")
    return flat if flat.exists() else flat.with_name(flat.name + ".gz")


def show_corpus(results: dict[str, CorpusResult]) -> str:
    """The results as lines of text, one a settings file and profile."""
    lines = []
    for name, result in results.items():
        for profile, score in result.scores.items():
            found = (
                f"{score.found} of {score.windows} windows, {score.false} false detections in {len(result.files)} files"
            )
            lines.append(f"{name}, {profile}: {score.score:.1f} ({found})")
    return "\n".join(lines)
