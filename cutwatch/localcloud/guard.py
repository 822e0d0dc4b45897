"""Ends a process when the one that started it is gone, by whatever end. Standard library only.

As a script, `python -P guard.py PARENT_PID SCRIPT [ARGUMENT ...]`, it runs another script so guarded: that is how the
analytics application runs, which itself knows nothing of the local cloud.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable

CHECK_SECONDS = 0.3


def when_orphaned(parent: int, act: Callable[[], None], check_seconds: float = CHECK_SECONDS) -> threading.Thread:
    """Call `act` once, from a thread, when process `parent` is no longer the parent of this one.

    A changed parent id is the one sign that every POSIX system gives for every end of a process, SIGKILL included.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(check_seconds)
        act()

    thread = threading.Thread(target=watch, name="orphan-watch", daemon=True)
    thread.start()
    return thread


def main() -> None:
    """Run the script named on the command line, and die at once when the parent is gone."""
    parent, script = int(sys.argv[1]), sys.argv[2]
    when_orphaned(parent, lambda: os.kill(os.getpid(), signal.SIGKILL))
    sys.argv = sys.argv[2:]
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
