"""Time and waiting, so that tests need neither."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """A clock that can be waited on.

    Attributes:
        now_seconds: Seconds since 1970.
        sleep: Waits so many seconds.
    """

    now_seconds: Callable[[], float]
    sleep: Callable[[float], None]
