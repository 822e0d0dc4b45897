"""The root of the settings tree. The classes are the manual: `make settings` prints their fields."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stacks.settings.alarms import AlarmsSettings
from stacks.settings.analytics import AnalyticsSettings
from stacks.settings.base import Group
from stacks.settings.streams import RetentionSettings, StreamsSettings, WindowSettings


class Settings(Group):
    """Everything that can be set for one stage."""

    stage: str = Field(default="dev", pattern=r"^[a-z][a-z0-9]{0,15}$")
    """Name of the stage, part of every stack's name; any number live side by side in one account."""
    models: Literal["off"] = "off"
    """SageMaker's two detectors; `off` in this release."""
    streams: StreamsSettings = StreamsSettings()
    """Capacity and ticks."""
    windows: WindowSettings = WindowSettings()
    """Lengths of the windows."""
    analytics: AnalyticsSettings = AnalyticsSettings()
    """The SQL application."""
    alarms: AlarmsSettings = AlarmsSettings()
    """Notices and the judgement."""
    retention: RetentionSettings = RetentionSettings()
    """How long things are kept."""
