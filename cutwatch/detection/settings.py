"""The settings of the judgement: one frozen tree, from and to flat, well-named JSON.

An unknown key or an impossible value stops with one sentence naming the key, the value and what is allowed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from cutwatch.detection import codec
from cutwatch.detection.codec import bounded
from cutwatch.detection.quiet_times import Interval, WeeklyTimes, parse_interval, parse_weekly_times, parse_zone
from cutwatch.detection.records import DETECTORS, DetectorName
from cutwatch.errors import OperatorError

ThresholdKind = Literal["evidence", "sigma", "fixed", "calibrated"]
DirectionFilter = Literal["any", "low", "high"]
Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
FaultName = Literal["gone", "merged", "flood", "page", "odd"]
FAULTS: tuple[FaultName, ...] = ("gone", "merged", "flood", "page", "odd")


@dataclass(frozen=True)
class DetectorSettings:
    """How one detector's scores count.

    Attributes:
        enabled: whether its records are looked at.
        threshold: `evidence` (the score is a witness of the evidence gathered from the rows), `sigma` (the trailing
            scores' mean + value x sigma), `fixed` (the value itself) or `calibrated` (the value that training found).
        value: evidence: robust deviations at which the score agrees; sigma: how many; fixed, calibrated: the score.
            None takes the kind's default (2.5, 3, none, and mean + 3 sigma until there is a calibration).
        k: windows over the threshold, among ...
        n: ... the last so many, that make a detector suspicious.
        cooldown_minutes: after an incident is over, this detector opens none for so long.
        direction: only incidents whose leading column moved this way.
        minimum_volume: only windows in which so many counts were expected.
        severity: score from which on an incident is at least that severe.
        trained_threshold: the score that training found; a witness of the evidence agrees above it from its first
            window on, without learning what its scores are used to.
    """

    enabled: bool = True
    threshold: ThresholdKind = "evidence"
    value: float | None = None
    k: int = bounded(2, 1, 1000)
    n: int = bounded(3, 1, 1000)
    cooldown_minutes: float = bounded(0.0, 0)
    direction: DirectionFilter = "any"
    minimum_volume: float = bounded(0.0, 0)
    severity: Mapping[Severity, float] = field(default_factory=dict)
    trained_threshold: float | None = None

    def __post_init__(self) -> None:
        codec.check_bounds(self)
        if self.k > self.n:
            raise codec.RefusedValueError("k", self.k, f"at most n, which is {self.n}")
        if self.threshold == "fixed" and self.value is None:
            raise codec.RefusedValueError("value", self.value, "a score, because threshold is fixed")


def _default_detectors() -> dict[DetectorName, DetectorSettings]:
    return {name: DetectorSettings() for name in DETECTORS}


@dataclass(frozen=True)
class DetectionSettings:
    """Everything that the judge is told.

    Attributes:
        detectors: by name; one that is not named has its defaults.
        count_column: the column that counts events (the role `count`).
        distinct_column: the column that counts who brought them (`distinct`); None: there is none.
        kinds_column: the column that counts what they were about (`kinds`); None: there is none.
        repeats_column: the column that counts what brought nobody new, which is count minus distinct.
        false_incidents_per_day: how many the `evidence` kind may open a day on a series with nothing wrong.
        faults: the named faults that `evidence` looks for: `gone` (counts vanish), `merged` (too few distinct for the
            counts), `flood` (far more counts than expected), `page` (a kind vanishes), `odd` (the forest is surprised;
            only where there is a count alone).
        warm_up_windows: windows before anything is judged.
        quiet_windows: windows without evidence before an incident is over.
        reminder_minutes: a reminder each so many minutes while an incident is open; 0: none.
        notices_per_hour: more than so many in an hour for a series are kept back (never an `over` whose opening was
            told); 0: no cap.
        group_minutes: openings of different series within so many minutes become one notice.
        time_zone: of quiet hours and of the times in messages, such as `Europe/Paris`.
        quiet_hours: such as `22:00-06:00` or `Sat,Sun 00:00-24:00`: notices wait until they end; an incident that is
            over by then tells nobody.
        maintenance: such as `2026-01-31T20:00/2026-01-31T23:00` (time zone as above): nothing is judged or learnt.
        series: by series key, settings of that series that differ, in the same shape.
    """

    detectors: Mapping[DetectorName, DetectorSettings] = field(default_factory=_default_detectors)
    count_column: str = "CLICKS"
    distinct_column: str | None = "USERS"
    kinds_column: str | None = "URLS"
    repeats_column: str = "RESIDUALS"
    false_incidents_per_day: float = bounded(0.02, 1e-6, 100)
    faults: tuple[FaultName, ...] = FAULTS
    warm_up_windows: int = bounded(60, 5, 100_000)
    quiet_windows: int = bounded(5, 1, 1000)
    reminder_minutes: float = bounded(0.0, 0)
    notices_per_hour: int = bounded(12, 0)
    group_minutes: float = bounded(5.0, 0)
    time_zone: str = "UTC"
    quiet_hours: tuple[str, ...] = ()
    maintenance: tuple[str, ...] = ()
    series: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        codec.check_bounds(self)
        parse_zone(self.time_zone)
        _ = self.quiet_times, self.maintenance_intervals  # parsed once here, so that a bad one is refused early

    @classmethod
    def from_json(cls, text: str | bytes) -> DetectionSettings:
        """Parse settings; what is left out has its default. Raises OperatorError."""
        settings = codec.loads(text, cls, what="detection settings", error=OperatorError)
        for key in settings.series:
            settings.for_series(key)
        return settings

    def to_json(self) -> str:
        """Write all settings as JSON that `from_json` reads back to an equal tree."""
        return json.dumps(codec.to_plain(self))

    def for_series(self, key: str) -> DetectionSettings:
        """The settings of one series: these, with its own differences laid over. Raises OperatorError."""
        if key not in self._by_series:
            self._by_series[key] = self._overlaid(key) if key in self.series else self
        return self._by_series[key]

    def with_thresholds(self, scores: Mapping[str, float]) -> DetectionSettings:
        """Put the scores that training found into the detectors whose threshold is `calibrated` or `evidence`."""
        found = {
            name: replace(detector, value=scores[name])
            if detector.threshold == "calibrated"
            else replace(detector, trained_threshold=scores[name])
            for name, detector in self.detectors.items()
            if detector.threshold in ("calibrated", "evidence") and name in scores
        }
        return replace(self, detectors={**self.detectors, **found})

    def detector(self, name: DetectorName) -> DetectorSettings | None:
        """The detector's settings, None where it is off."""
        found = self.detectors.get(name) or DetectorSettings()
        return found if found.enabled else None

    @cached_property
    def row_detector(self) -> DetectorName | None:
        """The detector whose records' rows are judged: the first that is on, in the order of window length."""
        return next((name for name in DETECTORS if self.detector(name)), None)

    @cached_property
    def quiet_times(self) -> tuple[WeeklyTimes, ...]:
        """The quiet hours, parsed."""
        return tuple(parse_weekly_times(text) for text in self.quiet_hours)

    @cached_property
    def maintenance_intervals(self) -> tuple[Interval, ...]:
        """The maintenance windows, parsed."""
        return tuple(parse_interval(text, self.time_zone) for text in self.maintenance)

    @cached_property
    def _by_series(self) -> dict[str, DetectionSettings]:
        return {}

    def _overlaid(self, key: str) -> DetectionSettings:
        base = codec.to_plain(replace(self, series={}))
        merged = _merge(base, self.series[key])
        return codec.from_plain(
            merged, DetectionSettings, what=f"detection settings of series {key}", error=OperatorError
        )


def _merge(base: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = _merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged
