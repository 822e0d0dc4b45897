"""Progress of a replay on stderr: a bar on a terminal, a line now and then otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from cutwatch.clickstream.clicks import from_ms
from cutwatch.clickstream.replay import Replayed

PLAIN_EVERY = timedelta(hours=12)  # of event time between two lines of plain progress


@contextmanager
def show_progress(start: datetime, end: datetime) -> Iterator[Callable[[Replayed, int], None]]:
    """Show progress on stderr: a bar on a terminal, a line now and then otherwise."""
    if not sys.stderr.isatty():
        yield _plain_progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("replay"), BarColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=(end - start).total_seconds())

        def show(sent: Replayed, time_ms: int) -> None:
            at = from_ms(time_ms)
            told = f"{at:%Y-%m-%d %H:%M}  {sent.clicks:,} clicks"
            bar.update(task, completed=(at - start).total_seconds(), description=told)

        yield show


def _plain_progress() -> Callable[[Replayed, int], None]:
    next_line: datetime | None = None

    def show(sent: Replayed, time_ms: int) -> None:
        nonlocal next_line
        at = from_ms(time_ms)
        if next_line is None or at >= next_line:
            sys.stderr.write(f"replay: {at:%Y-%m-%d %H:%M}, {sent.clicks:,} clicks\n")
            sys.stderr.flush()
            next_line = at + PLAIN_EVERY

    return show
