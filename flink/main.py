"""Entry point of the analytics application, at the root of its package (property `python` of the run options)."""

from __future__ import annotations

import sys
from pathlib import Path

from cutwatch.runtime.entry import main

if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parent))
