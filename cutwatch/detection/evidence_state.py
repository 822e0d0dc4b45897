"""What the evidence remembers of a series, and a window between weighing and learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cutwatch.detection.curves import Curve
from cutwatch.detection.dispersion import CountScatter, Scatter
from cutwatch.detection.excursions import Evidence
from cutwatch.detection.expectation import Expectation
from cutwatch.detection.finding import Finding
from cutwatch.detection.levels import Levels, Row
from cutwatch.detection.oddity import Oddity
from cutwatch.detection.profile import Profile
from cutwatch.detection.settings import FaultName


@dataclass(frozen=True)
class EvidenceState:
    """What the evidence remembers of a series.

    Attributes:
        seen: windows judged.
        levels: recent levels, learnt from innocent windows.
        shadow: the same learnt from all windows: what the new normal would be.
        profile: of earlier days.
        users: curve of distinct over counts.
        pages: curve of kinds over counts.
        page_variance: curve of the kinds' variance over counts.
        low: scatter of the counts below the expectation.
        high: and above it.
        shares: scatter of those that bring nobody new, in the binomial's variances.
        faults: the evidence for each named fault.
        support: what the distinct by themselves say for `merged`, in nats.
        oddity: how odd the forest found recent windows.
        open_fault: what the open incident is about.
        open_windows: for how many windows it has been open.
    """

    seen: int = 0
    levels: Levels = field(default_factory=Levels)
    shadow: Levels = field(default_factory=Levels)
    profile: Profile = field(default_factory=Profile)
    pages: Curve = field(default_factory=Curve)
    page_variance: Curve = field(default_factory=Curve)
    users: Curve = field(default_factory=Curve)
    low: CountScatter = field(default_factory=CountScatter)
    high: CountScatter = field(default_factory=CountScatter)
    shares: Scatter = field(default_factory=Scatter)
    faults: Mapping[FaultName, Evidence] = field(default_factory=dict)
    oddity: Oddity = field(default_factory=Oddity)
    support: float = 0.0
    open_fault: FaultName | None = None
    open_windows: int = 0


@dataclass(frozen=True)
class Weighed:
    """A window between weighing and learning."""

    row: Row
    expected: Expectation
    finding: Finding
    at: int
