"""How odd a forest finds a window, less what this series is used to.

A random cut forest's score tells how strange a window is, whatever the column's scale; but a series that is full of
spikes has strange windows every day. So a stretch of odd windows counts as one event, told when it begins and when it
gets odder, and each event makes the next ones count a little less.
"""

from __future__ import annotations

from dataclasses import dataclass

ODD = 2.5  # score from which on a window is odd
APART = 60  # windows after which a new event may begin
USED = 0.1  # of the score, by which each remembered event lowers the next
MEMORY_WINDOWS = 5000.0  # half-life of the memory of events


@dataclass(frozen=True)
class Oddity:
    """The running event's highest score, the windows since, and how many events are remembered (they fade)."""

    peak: float = 0.0
    since: int = 0
    events: float = 0.0


def notice_oddity(oddity: Oddity, score: float | None) -> tuple[Oddity, float]:
    """Take a score in; return what is left of it as surprise: 0 unless an event begins or gets odder.

    Args:
        oddity: before.
        score: the forest's; None or 0 while it learns.
    """
    faded = oddity.events * 2 ** (-1 / MEMORY_WINDOWS)
    peak = oddity.peak if oddity.since < APART else 0.0
    if score is None or score <= max(ODD, peak):
        return Oddity(peak, oddity.since + 1, faded), 0.0
    return Oddity(score, 0, faded + 1), score - USED * faded
