"""Settings: one frozen tree, read from CDK context, each field typed, bounded and described."""

from stacks.settings.context import read_settings
from stacks.settings.tree import Settings

__all__ = ["Settings", "read_settings"]
