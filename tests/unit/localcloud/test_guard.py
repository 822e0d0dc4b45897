"""A guarded script runs as it would alone, and ends when its parent is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from cutwatch.localcloud import guard

SCRIPT = """
import sys, __main__
print(__name__, sys.argv[1:], sys.argv[0] == __main__.__file__, flush=True)
sys.exit(7)
"""
SLEEPER = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
PARENT = """
import os, subprocess, sys
command = [sys.executable, "-P", {guard!r}, str(os.getpid()), {script!r}]
child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
print(child.stdout.readline().strip(), flush=True)
os.kill(os.getpid(), 9)
"""


def test_a_guarded_script_is_main_with_its_own_arguments_and_exit_code(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-P", guard.__file__, str(os.getpid()), str(script), "a", "b"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (7, "__main__ ['a', 'b'] True")


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "sleeper.py"
    script.write_text(SLEEPER)
    program = PARENT.format(guard=guard.__file__, script=str(script))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    deadline = time.monotonic() + 15
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(pid)


def runs(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")
