"""The root of the settings tree. The classes are the manual: `make settings` prints their fields."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from stacks.settings.alarms import AlarmsSettings
from stacks.settings.analytics import AnalyticsSettings
from stacks.settings.base import Group
from stacks.settings.models import ModelsSettings
from stacks.settings.streams import RetentionSettings, StreamsSettings, WindowSettings


def _switch(value: Any) -> Any:
    """Read `off` and `on` in place of the group's settings."""
    return {"enabled": value == "on"} if value in ("off", "on") else value


class Settings(Group):
    """Everything that can be set for one stage."""

    stage: str = Field(default="dev", pattern=r"^[a-z][a-z0-9]{0,15}$")
    """Name of the stage, part of every stack's name; any number live side by side in one account."""
    models: Annotated[ModelsSettings, BeforeValidator(_switch)] = ModelsSettings()
    """SageMaker's two detectors."""
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
