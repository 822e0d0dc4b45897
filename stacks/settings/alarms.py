"""Settings of the Alarms stack: who is told, and what the judgement takes for an incident."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from cutwatch.detection.settings import FAULTS, DetectionSettings, DirectionFilter, FaultName, Severity, ThresholdKind
from cutwatch.errors import OperatorError
from stacks.settings.base import Group, Name

Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


class Subscription(Group):
    """Somebody, or something, that receives notices besides the e-mail addresses."""

    protocol: Literal["sqs", "lambda", "https", "sms"]
    """How SNS delivers: people read `sms`; `sqs`, `lambda` and `https` receive JSON."""
    endpoint: str = Field(min_length=1)
    """Queue or function ARN, https address, or telephone number."""

    @model_validator(mode="after")
    def _fit(self) -> Self:
        start = {"sqs": "arn:", "lambda": "arn:", "https": "https://", "sms": "+"}[self.protocol]
        if not self.endpoint.startswith(start):
            raise ValueError(f"endpoint {self.endpoint!r} of protocol {self.protocol} must start with {start}")
        return self


class DetectorAlarms(Group):
    """How the scores of one detector count."""

    enabled: bool = True
    """Look at its records at all."""
    threshold: ThresholdKind | None = None
    """`evidence`, `sigma`, `fixed` or `calibrated`; none: as `alarms.threshold`."""
    value: float | None = None
    """evidence: robust deviations at which the score agrees; sigma: how many; fixed: the score."""
    k: int = Field(default=2, ge=1, le=1000)
    """Windows over the threshold, among ..."""
    n: int = Field(default=3, ge=1, le=1000)
    """... the last so many, that make the detector suspicious."""
    cooldown_minutes: float = Field(default=0, ge=0)
    """After an incident is over, this detector opens none for so long."""
    direction: DirectionFilter = "any"
    """Only incidents whose leading column moved this way."""
    minimum_volume: float = Field(default=0, ge=0)
    """Only windows in which so many counts were expected."""
    severity: dict[Severity, float] = Field(default_factory=dict)
    """Score from which on an incident is at least that severe."""


class Detectors(Group):
    """The three detectors."""

    kinesis_rcf: DetectorAlarms = DetectorAlarms()
    """RANDOM_CUT_FOREST_WITH_EXPLANATION in SQL, a score a minute."""
    sagemaker_rcf: DetectorAlarms = DetectorAlarms()
    """SageMaker RandomCutForest, a score every ten minutes."""
    deepar: DetectorAlarms = DetectorAlarms()
    """SageMaker DeepAR, a forecast band every ten minutes."""


class Columns(Group):
    """What the columns of the rows are."""

    count: Name = "CLICKS"
    """Counts events."""
    distinct: Name | None = "USERS"
    """Counts who brought them; none when there is no such column."""
    kinds: Name | None = "URLS"
    """Counts what they were about; none when there is no such column."""


class AlarmsSettings(Group):
    """Who is told, about what, and how often."""

    emails: tuple[Email, ...] = ()
    """Addresses that get the notices; AWS asks each to confirm."""
    operator_emails: tuple[Email, ...] = ()
    """Addresses that hear when Cutwatch itself is unwell; none: the same as `alarms.emails`."""
    subscriptions: tuple[Subscription, ...] = ()
    """Further receivers of notices: queues, functions, web hooks, telephones."""
    threshold: ThresholdKind = "evidence"
    """What counts as strange: accumulated `evidence`, trailing mean plus `sigma` deviations, `fixed`, `calibrated`."""
    sigma: float | None = Field(default=None, gt=0, le=100)
    """Short for threshold `sigma` with this many deviations, for every detector; the article's rule with 3."""
    detectors: Detectors = Detectors()
    """Each detector's own rules."""
    columns: Columns = Columns()
    """The columns' roles, so that any counted stream can be judged."""
    false_incidents_per_day: float = Field(default=0.02, ge=1e-6, le=100)
    """How many incidents a day `evidence` may open on a series with nothing wrong."""
    faults: tuple[FaultName, ...] = FAULTS
    """The named faults that `evidence` looks for."""
    warm_up_windows: int = Field(default=60, ge=5, le=100_000)
    """Windows before anything is judged."""
    quiet_windows: int = Field(default=5, ge=1, le=1000)
    """Windows without evidence before an incident is over."""
    reminder_minutes: float = Field(default=0, ge=0)
    """Remind while an incident is open; 0: never."""
    notices_per_hour: int = Field(default=12, ge=0)
    """Most notices an hour and series; 0: no cap."""
    group_minutes: float = Field(default=5, ge=0)
    """Openings of several series within so many minutes become one notice."""
    time_zone: str = "UTC"
    """Of quiet hours and of the times in messages, such as `Asia/Seoul`."""
    quiet_hours: tuple[str, ...] = ()
    """Such as `22:00-06:00` or `Sat,Sun 00:00-24:00`: notices wait until they end."""
    maintenance: tuple[str, ...] = ()
    """Such as `2026-01-31T20:00/2026-01-31T23:00`: nothing is judged or learnt."""
    series: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By series key, what differs for it, in the judgement's own names (docs/judgement.md)."""

    @field_validator("emails", "operator_emails", "faults", "quiet_hours", "maintenance", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        # On the command line a list of texts is easiest given with commas between.
        return (
            tuple(part.strip() for part in value.split(";" if ";" in value else ","))
            if isinstance(value, str)
            else value
        )

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.sigma is not None and self.threshold not in ("evidence", "sigma"):
            raise ValueError(
                f"alarms.sigma={self.sigma} sets threshold sigma; alarms.threshold={self.threshold} does not go with it"
            )
        try:
            self.to_detection()
        except OperatorError as error:
            raise ValueError(str(error)) from None
        return self

    def to_detection(self) -> DetectionSettings:
        """Render what the function `raise_alarms` is told."""
        threshold = "sigma" if self.sigma is not None else self.threshold
        detectors = {}
        for name in Detectors.model_fields:
            own = getattr(self.detectors, name).model_dump(mode="json")
            if own["threshold"] is None:
                own["threshold"] = threshold
                own["value"] = self.sigma if own["value"] is None else own["value"]
            detectors[name] = own
        same = self.model_dump(
            mode="json",
            exclude={"emails", "operator_emails", "subscriptions", "threshold", "sigma", "detectors", "columns"},
        )
        columns = {f"{role}_column": name for role, name in self.columns.model_dump().items()}
        return DetectionSettings.from_json(json.dumps({**same, **columns, "detectors": detectors}))
