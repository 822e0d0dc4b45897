"""`python -m cutwatch judge`: incidents held against labelled faults, for one or several settings."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from cutwatch.clickstream.history import History, add_history_arguments, history_from
from cutwatch.detection import codec
from cutwatch.detection.evaluation import Evaluation, evaluate
from cutwatch.detection.history import backtest
from cutwatch.detection.settings import DetectionSettings
from cutwatch.errors import DataError, OperatorError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument(
        "settings", nargs="*", help="JSON files of detection settings, compared (default: the defaults)"
    )
    parser.add_argument("--nab", metavar="PATH", help="judge a checkout of the Numenta Anomaly Benchmark instead")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    add_history_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Judge, and print how it went."""
    settings = {path: read_settings(path) for path in args.settings} or {"defaults": DetectionSettings()}
    if args.nab:
        from cutwatch.clickstream.nab_corpus import judge_corpus, show_corpus

        results = {name: judge_corpus(args.nab, one) for name, one in settings.items()}
        plain_scores = {name: codec.to_plain(result.scores) for name, result in results.items()}
        sys.stdout.write((json.dumps(_single(plain_scores)) if args.json else show_corpus(results)) + "\n")
        return 0
    history = history_from(args)
    evaluations = {name: judge_history(one, history) for name, one in settings.items()}
    if args.json:
        plain = {name: codec.to_plain(evaluation) for name, evaluation in evaluations.items()}
        sys.stdout.write(json.dumps(_single(plain)) + "\n")
    else:
        _show(evaluations, labelled=history.labels is not None)
    return 0


def read_settings(path: str) -> DetectionSettings:
    """Read detection settings from a file. Raises OperatorError."""
    try:
        return DetectionSettings.from_json(Path(path).read_bytes())
    except OSError as cause:
        raise OperatorError(f"{path}: {cause.strerror or cause}") from cause
    except OperatorError as cause:
        raise OperatorError(f"{path}: {cause}") from cause


def judge_history(settings: DetectionSettings, history: History) -> Evaluation:
    """Run a history through the judge and hold the incidents against its labels. Raises DataError."""
    if not history.records:
        raise DataError("there is nothing to judge; allowed: at least one window")
    incidents = backtest(settings, history.records).incidents
    start, end = history.records[0].window_start, history.records[-1].window_end
    return evaluate(incidents, history.labels or (), start=start, end=end)


def _show(evaluations: dict[str, Evaluation], *, labelled: bool) -> None:
    from rich.console import Console

    from cutwatch.clickstream.tables import comparison_table, fault_table

    console = Console(width=None if sys.stdout.isatty() else 160)
    for name, result in evaluations.items():
        about = f"{name}: " if len(evaluations) > 1 else ""
        if labelled:
            found = sum(fault.found for fault in result.faults)
            console.print(
                fault_table(f"{about}{found} of {len(result.faults)} faults found", result.faults, labelled=True)
            )
        false: Sequence[object] = result.false_incidents
        what = "false incidents" if labelled else "incidents"
        if false or not labelled:
            console.print(fault_table(f"{about}{len(false)} {what}", result.false_incidents, labelled=False))
        else:
            console.print(f"{about}no false incidents")
    if labelled:
        console.print(comparison_table("judged", evaluations))


def _single(by_name: dict[str, object]) -> object:
    """The only value where there is one, else all by name."""
    return by_name if len(by_name) > 1 else next(iter(by_name.values()))
