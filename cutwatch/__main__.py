"""The command line: `python -m cutwatch COMMAND`. Results go to stdout, logs and progress to stderr."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from cutwatch import __version__
from cutwatch.errors import CutwatchError

# name -> its one-line help. Module cutwatch.commands.<name> has `add_arguments(parser)` and `run(args) -> int`.
COMMANDS = {
    "backtest": "show the incidents that a history would have raised, and what other settings change",
    "judge": "hold incidents against labelled faults, for one or several settings",
    "generate": "write a seeded clickstream with labelled faults",
    "replay": "send clicks to a Kinesis stream: a file's, or the sample's",
    "demo": "run the whole line on this machine: deploy, replay, alarms, destroy",
    "inventory": "list what there is of a stage in an account, or prove that nothing is left",
    "train": "train a stage's SageMaker models now, and follow it",
    "sql": "run or check KDA SQL on a file",
}

EXIT_CODES = (
    "exit codes: 0 fine, 2 SQL, schema or usage refused, 3 some of the data refused, "
    "4 settings, account or machine, 130 interrupted"
)


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """Build the parser; with `only`, just that command's arguments are imported, so that start-up stays quick."""
    parser = argparse.ArgumentParser(prog="python -m cutwatch", description=__doc__, epilog=EXIT_CODES)
    parser.add_argument("--version", action="version", version=f"cutwatch {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary, epilog=EXIT_CODES)
        if only in (None, name):
            importlib.import_module(f"cutwatch.commands.{name}").add_arguments(command)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    named = words[0] if words and words[0] in COMMANDS else None
    args = build_parser(named).parse_args(words)
    try:
        return int(importlib.import_module(f"cutwatch.commands.{args.command}").run(args))
    except CutwatchError as error:
        sys.stderr.write(f"cutwatch {args.command}: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
