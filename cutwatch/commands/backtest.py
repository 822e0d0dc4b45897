"""`python -m cutwatch backtest`: the incidents that a history would have raised, and what other settings change.

The judge is the deployed function's own; nothing of AWS is touched.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from cutwatch.clickstream.history import add_history_arguments, history_from
from cutwatch.commands.judge import read_settings
from cutwatch.detection.history import Outcome, backtest
from cutwatch.detection.incidents import Incident
from cutwatch.detection.messages import KIND_TITLES, explain, incident_plain
from cutwatch.detection.settings import DetectionSettings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's flags."""
    parser.add_argument("--settings", help="JSON file of detection settings (default: the defaults)")
    parser.add_argument("--diff", metavar="SETTINGS", help="other settings: show what they would have changed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_history_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the history through the judge, and print the incidents."""
    settings = read_settings(args.settings) if args.settings else DetectionSettings()
    other = read_settings(args.diff) if args.diff else None
    records = history_from(args).records
    outcome = backtest(settings, records)
    if other is None:
        _show(outcome, settings, as_json=args.json)
    else:
        _show_difference(outcome, backtest(other, records), settings, as_json=args.json)
    return 0


def difference(
    first: Sequence[Incident], second: Sequence[Incident]
) -> tuple[list[Incident], list[Incident], list[tuple[Incident, Incident]]]:
    """Pair incidents that overlap: those of the first alone, of the second alone, and of both."""
    both = [
        (one, other)
        for one in first
        for other in second
        if one.started < other.last_bad and other.started < one.last_bad
    ]
    only_first = [one for one in first if all(one is not pair[0] for pair in both)]
    only_second = [other for other in second if all(other is not pair[1] for pair in both)]
    return only_first, only_second, both


def _show(outcome: Outcome, settings: DetectionSettings, *, as_json: bool) -> None:
    if as_json:
        incidents = [incident_plain(incident) for incident in outcome.incidents]
        _print(json.dumps({"incidents": incidents, "notices": len(outcome.notices)}))
        return
    for incident in outcome.incidents:
        _print(_line(incident, settings))
    _print(f"{len(outcome.incidents)} incidents, {len(outcome.notices)} notices")


def _show_difference(first: Outcome, second: Outcome, settings: DetectionSettings, *, as_json: bool) -> None:
    gone, new, both = difference(first.incidents, second.incidents)
    if as_json:
        plain = {"only_first": gone, "only_second": new, "both": [pair[0] for pair in both]}
        told = {"notices_first": len(first.notices), "notices_second": len(second.notices)}
        _print(json.dumps({**{key: [incident_plain(one) for one in ones] for key, ones in plain.items()}, **told}))
        return
    marked = [("-", one, "") for one in gone] + [("+", one, "") for one in new]
    marked += [(" ", one, _moved(one, other)) for one, other in both]
    for mark, incident, moved in sorted(marked, key=lambda line: line[1].started):
        _print(f"{mark} {_line(incident, settings)}{moved}")
    _print(f"{len(gone)} incidents less, {len(new)} more, {len(both)} in both")
    _print(f"notices: {len(first.notices)} before, {len(second.notices)} after")


def _moved(one: Incident, other: Incident) -> str:
    minutes = (other.opened - one.opened).total_seconds() / 60
    return f" (opens {abs(minutes):g} min {'later' if minutes > 0 else 'sooner'})" if minutes else ""


def _line(incident: Incident, settings: DetectionSettings) -> str:
    reason = explain(incident, time_zone=settings.time_zone)
    state = "" if incident.over else " still open;"
    title = f"{KIND_TITLES[incident.kind]} ({incident.severity})"
    return f"{incident.started:%Y-%m-%d} {title}:{state} {reason}"


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
