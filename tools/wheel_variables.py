"""The environment variables by which `tools.build_wheels` tells `tools/wheel_hook.py` what to put into a wheel."""

LIBRARY_VARIABLE = "CUTWATCH_WHEEL_LIBRARY"
TAG_VARIABLE = "CUTWATCH_WHEEL_TAG"
