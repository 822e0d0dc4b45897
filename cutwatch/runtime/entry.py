"""Starts the application: the first thing that runs, wherever it runs.

Only the standard library is imported until it is certain that this environment can run the job: a missing package
would otherwise be a traceback in place of a sentence.
"""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event

from cutwatch.errors import CutwatchError, OperatorError
from cutwatch.runtime.logs import JobLog
from cutwatch.runtime.properties import ApplicationProperties, parse_properties

MANAGED_PROPERTIES = Path("/etc/flink/application_properties.json")
PROPERTIES_VARIABLE = "CUTWATCH_APPLICATION_PROPERTIES"
ENGINE_VARIABLE = "CUTWATCH_ENGINE"
RESTORE_VARIABLE = "CUTWATCH_RESTORE"
_INTERNAL_ERROR = 1


def main(folder: Path, environment: Mapping[str, str] | None = None, log: JobLog | None = None) -> int:
    """Run the application until SIGTERM or SIGINT.

    Args:
        folder: the unpacked package, with `kda_sql`.
        environment: `CUTWATCH_APPLICATION_PROPERTIES` (the properties file; where it is not set, this is Managed Flink
            and the file is where the service lays it), `CUTWATCH_ENGINE` (before the property `engine`),
            `CUTWATCH_RESTORE` (`none` leaves the saved state aside; else `latest`).
        log: where it tells what it does.

    Returns:
        The exit code: 0 stopped, 1 a fault of ours, else as `cutwatch.errors` says.
    """
    given = os.environ if environment is None else environment
    log = log or JobLog()
    try:
        properties = read_properties(given)
        restore = given.get(RESTORE_VARIABLE, "latest")
        if restore not in ("latest", "none"):
            raise OperatorError(f"{RESTORE_VARIABLE} is {restore!r}; allowed: latest, none")
        stop = _stop_event()
        _run(properties, folder, given, log, restore=restore == "latest", should_stop=stop.is_set)
    except CutwatchError as error:
        log.write("job_failed", level="ERROR", reason=str(error))
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of the log must say why, whatever it was
        log.write("job_failed", level="ERROR", reason=f"{type(error).__name__}: {error}", trace=traceback.format_exc())
        return _INTERNAL_ERROR
    return 0


def read_properties(environment: Mapping[str, str]) -> ApplicationProperties:
    """Read the properties and make sure that the engine they name can run here.

    Raises:
        OperatorError: where they are not valid, or the engine is not for this place.
    """
    local = environment.get(PROPERTIES_VARIABLE)
    path = Path(local) if local else MANAGED_PROPERTIES
    try:
        text = path.read_bytes()
    except OSError as cause:
        raise OperatorError(f"the application's properties {path} cannot be read: {cause.strerror}") from cause
    properties = parse_properties(text, engine=environment.get(ENGINE_VARIABLE))
    if not local and properties.engine == "embedded":
        raise OperatorError(
            "engine embedded does not run on Managed Flink: it is one process without Flink's state and scaling; "
            "it runs on the local cloud"
        )
    return properties


def _run(
    properties: ApplicationProperties,
    folder: Path,
    environment: Mapping[str, str],
    log: JobLog,
    *,
    restore: bool,
    should_stop: Callable[[], bool],
) -> None:
    if properties.engine == "embedded":
        from cutwatch.runtime.launch import launch

        launch(properties, folder / "kda_sql", log=log, restore=restore, should_stop=should_stop)
        return
    try:
        from cutwatch.runtime.flink.launch import launch_on_flink
    except ModuleNotFoundError as cause:
        raise OperatorError(f"the package lacks {cause.name}: build it with `make package ENGINE=flink`") from cause
    launch_on_flink(
        properties,
        folder,
        log=log,
        restore=restore,
        should_stop=should_stop,
        environment=environment,
        managed=PROPERTIES_VARIABLE not in environment,
    )


def _stop_event() -> Event:
    event = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: event.set())
    return event
