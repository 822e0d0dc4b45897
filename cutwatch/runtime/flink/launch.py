"""Starts the job on Flink: on AWS in the service's cluster, elsewhere in a Flink of its own."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cutwatch.errors import OperatorError
from cutwatch.runtime import clients
from cutwatch.runtime.flink.encoding import StreamEncode
from cutwatch.runtime.flink.feeder import Feeder
from cutwatch.runtime.flink.follower import Follower
from cutwatch.runtime.flink.local_state import LocalState
from cutwatch.runtime.launch import event_time_of
from cutwatch.runtime.logs import JobLog
from cutwatch.runtime.outputs import build_outputs
from cutwatch.runtime.program import LoadedProgram, load_program, stream_arns
from cutwatch.runtime.properties import ApplicationProperties
from cutwatch.runtime.sink import KinesisSink
from cutwatch.runtime.source import KinesisSource
from cutwatch.sql.engines.flink.connection import Connection, FolderConnection, KinesisConnection
from cutwatch.sql.engines.flink.spec import EngineSpec

STATE_VARIABLE = "CUTWATCH_FLINK_STATE"
PARALLELISM_VARIABLE = "CUTWATCH_FLINK_PARALLELISM"
JAR_VARIABLE = "KINESIS_JAR"
PROGRESS_SECONDS = 1.0
_POLL_SECONDS = 0.1


def launch_on_flink(
    properties: ApplicationProperties,
    folder: Path,
    *,
    log: JobLog,
    restore: bool,
    should_stop: Callable[[], bool],
    environment: Mapping[str, str],
    managed: bool,
) -> None:
    """Run the job: on AWS until it ends, elsewhere until told to stop.

    Args:
        properties: what the deployment says.
        folder: the unpacked package.
        log: gets `job_started` once all is well, as its first line.
        restore: whether to go on from the saved state, where there is one; on AWS the service decides.
        should_stop: asked between steps; elsewhere than on AWS.
        environment: variables, as `cutwatch.runtime.entry.main` says.
        managed: whether this is Managed Service for Apache Flink.

    Raises:
        CutwatchError: where something is wrong with the properties, the SQL, the streams, the state or the job.
    """
    loaded = load_program(properties, folder / "kda_sql")
    kinesis = clients.kinesis_client(properties.region)
    build_outputs(loaded.program, loaded.application, properties, lambda arn: KinesisSink(kinesis, arn))
    for key, arn in stream_arns(properties).items():
        if arn:
            clients.check_stream(kinesis, key, arn)
    if managed:
        _run_managed(properties, loaded, folder, log)
    else:
        _LocalRun(properties, loaded, folder, log, environment, restore=restore).run(should_stop)


def sink_tags(properties: ApplicationProperties) -> dict[str, str]:
    """The sinks' tags by the ARN of their streams."""
    found = {arn: key.split(".")[0] for key, arn in stream_arns(properties).items() if arn and not key.startswith("cl")}
    return dict(found)


def _spec(properties: ApplicationProperties, loaded: LoadedProgram, connection: Connection) -> EngineSpec:
    return EngineSpec(
        loaded.program,
        loaded.application,
        properties.seed,
        properties.allowed_lateness_seconds,
        properties.max_ahead_seconds,
        numbered=connection.numbered,
    )


def _run_managed(properties: ApplicationProperties, loaded: LoadedProgram, folder: Path, log: JobLog) -> None:
    """The service's Flink has its own parallelism, checkpoints, state and restarts."""
    from pyflink.datastream import StreamExecutionEnvironment

    from cutwatch.sql.engines.flink.job import build_job

    tags = sink_tags(properties)
    arns = {tag: arn for arn, tag in tags.items()}
    connection = KinesisConnection(properties.clicks_stream_arn, arns, properties.region)
    environment = StreamExecutionEnvironment.get_execution_environment()
    for path in (folder, folder.parent / "packages"):
        if path.is_dir():
            environment.add_python_file(str(path))
    spec = _spec(properties, loaded, connection)
    build_job(environment, spec, connection, StreamEncode(properties, loaded, tags, tell_progress=False))
    log.write("job_started", engine="flink", lanes=spec.lanes, parallelism=environment.get_parallelism())
    environment.execute("cutwatch")


class _LocalRun:
    """A Flink in this process, fed from the local cloud's streams."""

    def __init__(
        self,
        properties: ApplicationProperties,
        loaded: LoadedProgram,
        folder: Path,
        log: JobLog,
        variables: Mapping[str, str],
        *,
        restore: bool,
    ) -> None:
        self._properties, self._loaded, self._log = properties, loaded, log
        self._parallelism = int(variables.get(PARALLELISM_VARIABLE, "1"))
        self._jar = find_jar(folder, variables)
        self._kinesis = clients.kinesis_client(properties.region)
        place = variables.get(STATE_VARIABLE) or tempfile.mkdtemp(prefix="cutwatch-flink-")
        by_what = "kinesis" if self._jar else "folders"
        self._state = LocalState(Path(place), f"{loaded.fingerprint(properties)} {by_what}", restore=restore)
        self._connection: Connection
        if self._jar:
            self._connection = self._through_connector(variables)
        else:
            self._connection = FolderConnection(self._state.feed / "in", self._state.feed / "out")

    def _through_connector(self, variables: Mapping[str, str]) -> KinesisConnection:
        # The local cloud's Kinesis speaks JSON alone, and the SDK takes this as a property of the Java machine only.
        os.environ["JVM_ARGS"] = f"{os.environ.get('JVM_ARGS', '')} -Daws.cborEnabled=false"
        credentials = (variables.get("AWS_ACCESS_KEY_ID", ""), variables.get("AWS_SECRET_ACCESS_KEY", ""))
        return KinesisConnection(
            self._properties.clicks_stream_arn,
            {tag: arn for arn, tag in sink_tags(self._properties).items()},
            self._properties.region,
            variables.get("AWS_ENDPOINT_URL"),
            credentials if all(credentials) else None,
            self._state.feed / "progress",
        )

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Run until told to stop; then save the state."""
        spec = _spec(self._properties, self._loaded, self._connection)
        follower = self._follower(spec)
        newest = self._state.newest()
        if self._state.discarded:
            reason = "the SQL, the schema, the seed or the lateness changed; learning anew from where the stream stands"
            self._log.write("state_discarded", level="WARN", reason=reason)
        client = self._submit(spec, newest)
        about: dict[str, Any] = {
            "engine": "flink",
            "connector": "kinesis" if self._jar else "filesystem",
            "lanes": spec.lanes,
        }
        self._log.write("job_started", **about, pid=os.getpid(), restored=newest is not None)
        told_at, told = 0.0, None
        while not should_stop():
            moved = follower.step()
            if str(client.get_job_status().result()).endswith(("FAILED", "FINISHED", "CANCELED")):
                client.get_job_execution_result().result()  # raises what it failed of
                raise OperatorError("the Flink job ended by itself")
            now = time.monotonic()
            if now - told_at >= PROGRESS_SECONDS and follower.state() != told:
                told_at, told = now, follower.state()
                self._log.write("progress", **told)
            if not moved:
                time.sleep(_POLL_SECONDS)
        location = stop_with_savepoint(client, self._state.saved)
        while follower.send():
            pass
        self._log.write("job_stopped", state=location, **follower.state())

    def _follower(self, spec: EngineSpec) -> Feeder | Follower:
        arn = self._properties.clicks_stream_arn
        if isinstance(self._connection, KinesisConnection):
            folder = self._state.feed / "progress"
            folder.mkdir(parents=True, exist_ok=True)
            return Follower(folder, KinesisSource(self._kinesis, arn, positions={}), lanes=spec.lanes)
        return Feeder(
            self._state.feed,
            lambda positions: KinesisSource(self._kinesis, arn, positions=positions),
            lambda sink: KinesisSink(self._kinesis, sink, seed=self._properties.seed),
            errors_arn=self._properties.errors_stream_arn,
            lanes=spec.lanes,
            event_time=event_time_of(self._loaded.application, self._properties.max_ahead_seconds),
        )

    def _submit(self, spec: EngineSpec, newest: Path | None) -> Any:
        os.environ["FLINK_LOG_DIR"] = str(self._state.logs)
        try:
            from cutwatch.sql.engines.flink.job import build_job
            from cutwatch.sql.engines.flink.local import local_environment
        except ModuleNotFoundError as cause:
            message = "engine flink needs the environment of the Flink job: make .venv-flink/.done"
            raise OperatorError(message) from cause
        interval = max(int(self._properties.checkpoint_interval_seconds * 1000), 500)
        options = {
            "execution.checkpointing.interval": f"{min(interval, 2_000)}ms",
            "execution.checkpointing.dir": self._state.saved.resolve().as_uri(),
        }
        if newest is not None:
            options["execution.state-recovery.path"] = newest.resolve().as_uri()
        environment = local_environment(self._parallelism, options)
        if self._jar:
            environment.add_jars(self._jar.resolve().as_uri())
        tags = sink_tags(self._properties) if self._jar else None
        encode = StreamEncode(self._properties, self._loaded, tags, tell_progress=True)
        build_job(environment, spec, self._connection, encode)
        return environment.execute_async("cutwatch")


def find_jar(folder: Path, variables: Mapping[str, str]) -> Path | None:
    """The Kinesis connector: where KINESIS_JAR says, else in the package; None where there is none.

    Raises:
        OperatorError: KINESIS_JAR names no file.
    """
    named = variables.get(JAR_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise OperatorError(f"{JAR_VARIABLE} is {named}, which is no file")
        return Path(named)
    return next(iter(sorted((folder.parent / "lib").glob("*.jar"))), None)


def stop_with_savepoint(client: Any, folder: Path) -> str:
    """Stop a job after it saved its state; gives where. PyFlink 2.2.1's own method for it is broken."""
    from pyflink.java_gateway import get_gateway

    kind = get_gateway().jvm.org.apache.flink.core.execution.SavepointFormatType.CANONICAL
    java = client._j_job_client
    return str(java.stopWithSavepoint(False, folder.resolve().as_uri(), kind).get())  # noqa: FBT003
