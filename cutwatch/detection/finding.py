"""What the evidence says of one window, for the state machine and for the message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cutwatch.detection.incidents import Direction, IncidentKind
from cutwatch.detection.records import ExpectedRange


@dataclass(frozen=True)
class Finding:
    """One window's evidence.

    Attributes:
        share: the strongest evidence gathered so far, as a share of what opens an incident; 0: none.
        rose: whether this window added to it.
        holds: whether so much is left that an incident stays open.
        kind: the fault it speaks for.
        lead: that fault's leading column and its direction; None where there is no evidence.
        expected: by column, the range in which 98 of 100 normal windows lie.
        deviations: by column, how far this window was off, in standard deviations; negative: too low.
        volume: counts expected in this window.
        surprise: how odd the forest finds it, less what the series is used to (see `oddity`).
    """

    share: float = 0.0
    rose: bool = False
    holds: bool = False
    kind: IncidentKind = "system"
    lead: tuple[str, Direction] | None = None
    expected: Mapping[str, ExpectedRange] = field(default_factory=dict)
    deviations: Mapping[str, float] = field(default_factory=dict)
    volume: float = 0.0
    surprise: float = 0.0

    @property
    def opens(self) -> bool:
        """Whether the evidence suffices for an incident."""
        return self.share >= 1 - 1e-9
