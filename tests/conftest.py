"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No test asserts the clock: a busy machine must not fail one. In CI the examples are the same for the same code.
settings.register_profile(
    "cutwatch", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=bool(os.environ.get("CI"))
)
settings.load_profile("cutwatch")
