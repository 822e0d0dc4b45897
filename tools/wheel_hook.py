"""Hatchling's hook: puts the forest's compiled core into the wheel and names the platform.

`tools.build_wheels` says which library and tag by the environment. A plain `pip install .` of a checkout builds the
library for this machine.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ForestLibraryHook(BuildHookInterface):  # type: ignore[misc]
    """Includes one compiled library under cutwatch/forest/libraries."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Choose the library and the wheel's tag, unless an editable install finds the library in the checkout."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from tools.build_native import build_for_this_machine
        from tools.wheel_variables import LIBRARY_VARIABLE, TAG_VARIABLE

        if LIBRARY_VARIABLE in os.environ:
            library, platform_tag = Path(os.environ[LIBRARY_VARIABLE]), os.environ[TAG_VARIABLE]
        else:
            library = build_for_this_machine()
            platform_tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_tag}"
        build_data["force_include"][str(library)] = f"cutwatch/forest/libraries/{library.name}"
