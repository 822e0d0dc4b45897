"""`python -m cutwatch sql`: run or check KDA SQL on a file, without AWS."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from cutwatch.clickstream.files import create
from cutwatch.errors import OperatorError
from cutwatch.sql import ERROR_STREAM, Application, OutputRow, Program, compile_sql, encode_row, load_application
from cutwatch.sql.engines.embedded import Counters
from cutwatch.sql.file_run import Report, RunOptions, run_file, with_event_time
from cutwatch.sql.files import STANDARD, open_input

SOME_BAD_ROWS = 3
_TOLD = 5
_EVERY_SECONDS = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare `sql run` and `sql check`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    run = actions.add_parser("run", help="run a SQL file over a file of rows", description=_RUN, epilog=_CODES)
    check = actions.add_parser(
        "check", help="compile a SQL file and say what is wrong", description=_CHECK, epilog=_CODES
    )
    for action in (run, check):
        action.add_argument("file", metavar="FILE.sql", help="CREATE STREAM and CREATE PUMP statements")
        action.add_argument(
            "--application",
            metavar="JSON",
            help="InputSchema and Outputs (default: FILE.application.json, else application.json, beside the SQL)",
        )
    run.add_argument(
        "--input", required=True, metavar="ROWS", help="JSON Lines or CSV with a header, plain or gzip; - is stdin"
    )
    run.add_argument("--output", default=STANDARD, metavar="ROWS", help="JSON Lines, .gz packs them (default: stdout)")
    run.add_argument("--errors", metavar="ROWS", help="write the error stream's rows there, as JSON Lines")
    run.add_argument("--seed", type=int, default=0, metavar="N", help="of the forests' random numbers (default: 0)")
    run.add_argument(
        "--stream",
        action="append",
        metavar="NAME",
        help="print this stream (again for more); default: all of Outputs but the error stream",
    )
    run.add_argument(
        "--rowtime", metavar="COLUMN", help="column with the event time (default: ROWTIME, else the one TIMESTAMP)"
    )
    run.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="NAME=HEADER",
        help="the file calls column NAME HEADER, as in --column user=visitor_id (again for more)",
    )
    run.add_argument(
        "--format", choices=("auto", "json", "csv"), default="auto", help="of the input (default: by its name)"
    )
    run.add_argument(
        "--allowed-lateness-seconds",
        type=float,
        metavar="S",
        help="give rows while reading; later rows are bad ones (default: sort the whole file first)",
    )
    run.add_argument(
        "--tick-seconds", type=int, metavar="S", help="put a tick so often, as the scheduler on AWS does: 60"
    )


_RUN = "Run a SQL file over a file of rows, sorted by event time. Rows go to stdout as JSON, everything else to stderr."
_CHECK = "Compile a SQL file against its application description; nothing runs."
_CODES = "exit codes: 0 all rows, 3 some rows on the error stream, 2 SQL, schema or usage refused, 4 a file or setting"


def run(args: argparse.Namespace) -> int:
    """Run or check; gives the exit code."""
    program, application = _compile(args)
    if args.action == "check":
        sources = ", ".join(stream.name for stream in program.sources)
        streams = len(program.streams) - len(program.sources) - 1
        sys.stdout.write(f"{args.file}: fine: {streams} streams, {len(program.pumps)} pumps, reads {sources}\n")
        return 0
    return _run(args, program, with_event_time(application, args.rowtime))


def _compile(args: argparse.Namespace) -> tuple[Program, Application]:
    path = Path(args.file)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as cause:
        raise OperatorError(f"{path}: the SQL file cannot be read ({cause})") from cause
    own = path.with_suffix(".application.json")
    beside = own if own.exists() else path.with_name("application.json")
    application = load_application(Path(args.application) if args.application else beside)
    return compile_sql(text, application, file=str(path)), application


def _run(args: argparse.Namespace, program: Program, application: Application) -> int:
    streams = _streams(args, program, application)
    options = RunOptions(args.seed, args.allowed_lateness_seconds, args.tick_seconds, streams)
    with ExitStack() as stack:
        schema = application.input.schema
        source = open_input(args.input, schema, stack, file_format=args.format, renames=_renames(args.column))
        sink = _Sink(stack, args, streams)
        report = _report(stack)
        counters = run_file(program, application, source, options, now=datetime.now(UTC), sink=sink.take, report=report)
    _summarise(counters, sink.written)
    return SOME_BAD_ROWS if counters.bad else 0


def _streams(args: argparse.Namespace, program: Program, application: Application) -> tuple[str, ...]:
    if args.stream:
        names = [stream.name for stream in program.streams]
        if unknown := [name for name in args.stream if name not in names]:
            raise OperatorError(f'--stream: there is no "{unknown[0]}"; there are {", ".join(names)}')
        return tuple(args.stream)
    if outputs := tuple(output.name for output in application.outputs if output.name != ERROR_STREAM):
        return outputs
    read = {pump.source for pump in program.pumps}
    return tuple(dict.fromkeys(pump.target for pump in program.pumps if pump.target not in read))


def _renames(pairs: list[str]) -> dict[str, str]:
    renames = {}
    for pair in pairs:
        name, equals, header = pair.partition("=")
        if not (name and equals and header):
            raise OperatorError(f"--column {pair}: write NAME=HEADER, as in --column user=visitor_id")
        renames[name.strip()] = header.strip()
    return renames


class _Sink:
    """Rows to the output, bad rows to their file and the first of them to stderr."""

    def __init__(self, stack: ExitStack, args: argparse.Namespace, streams: tuple[str, ...]) -> None:
        self._output = stack.enter_context(create(args.output))
        self._errors = stack.enter_context(create(args.errors)) if args.errors else None
        self._streams = streams
        self._told = 0
        self.written = 0

    def take(self, row: OutputRow) -> None:
        """Write one row."""
        if row.stream == ERROR_STREAM:
            self._take_bad(row)
        if row.stream in self._streams:
            if len(self._streams) > 1:  # rows of several streams say which one they are of
                row = OutputRow(row.stream, row.rowtime, {"STREAM": row.stream, **row.values})
            self._output.write(encode_row(row) + b"\n")
            self.written += 1

    def _take_bad(self, row: OutputRow) -> None:
        if self._errors:
            self._errors.write(encode_row(row) + b"\n")
        self._told += 1
        if self._told <= _TOLD:
            data = bytes.fromhex(str(row.values["DATA_ROW"])).decode(errors="replace")
            sys.stderr.write(f"bad row: {row.values['ERROR_NAME']}: {row.values['MESSAGE']}: {data[:200]}\n")
        if self._told == _TOLD + 1:
            sys.stderr.write("bad row: and more; --errors FILE writes all of them\n")


def _summarise(counters: Counters, written: int) -> None:
    kinds = ", ".join(f"{count:,} {name}" for name, count in sorted(counters.bad_rows.items()))
    bad = f", {counters.bad:,} bad rows ({kinds})" if counters.bad else ""
    sys.stderr.write(f"{counters.intake.rows:,} rows in, {written:,} rows out{bad}\n")


def _report(stack: ExitStack) -> Report:
    """Progress: a bar on a terminal, a line now and then otherwise."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import Progress

        bar = stack.enter_context(Progress(console=Console(stderr=True), transient=True))
        tasks = {phase: bar.add_task(phase, total=None) for phase in ("reading", "running")}
        return lambda phase, done, total: bar.update(tasks[phase], completed=done, total=total or None)
    told = {"at": datetime.now(UTC)}

    def plain(phase: str, done: int, total: int) -> None:
        now = datetime.now(UTC)
        if (now - told["at"]).total_seconds() >= _EVERY_SECONDS:
            told["at"] = now
            share = f" {done / total:.0%}" if total else ""
            sys.stderr.write(f"{phase}{share}\n")
            sys.stderr.flush()

    return plain
