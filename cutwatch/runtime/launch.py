"""Puts the job together from its properties and runs it. Whatever can be wrong is found before the job starts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cutwatch.runtime import clients
from cutwatch.runtime.checkpoint import Checkpoint, S3CheckpointStore
from cutwatch.runtime.job import EventTime, Job
from cutwatch.runtime.logs import JobLog
from cutwatch.runtime.outputs import build_outputs
from cutwatch.runtime.program import LoadedProgram, load_program, stream_arns
from cutwatch.runtime.properties import ApplicationProperties
from cutwatch.runtime.sink import KinesisSink
from cutwatch.runtime.source import KinesisSource
from cutwatch.sql import Application, Record
from cutwatch.sql.decoding import DecodedRow, record_decoder
from cutwatch.sql.engines.embedded import EmbeddedEngine


def launch(
    properties: ApplicationProperties,
    sql_folder: Path,
    *,
    log: JobLog,
    restore: bool,
    should_stop: Callable[[], bool],
) -> None:
    """Run the job until told to stop.

    Args:
        properties: what the deployment says.
        sql_folder: the folder with the SQL and the application's description.
        log: gets `job_started` once all is well, and `job_stopped` with the place of the saved state at the end.
        restore: whether to go on from the saved state, where there is one.
        should_stop: asked between steps.

    Raises:
        CutwatchError: where something is wrong with the properties, the SQL, the streams or the state.
    """
    loaded = load_program(properties, sql_folder)
    kinesis, s3 = clients.kinesis_client(properties.region), clients.s3_client(properties.region)
    outputs = build_outputs(
        loaded.program,
        loaded.application,
        properties,
        lambda arn: KinesisSink(kinesis, arn, seed=properties.seed),
    )
    for key, arn in stream_arns(properties).items():
        if arn:
            clients.check_stream(kinesis, key, arn)
    store = S3CheckpointStore(s3, properties.state_bucket, properties.state_prefix)
    saved = store.load() if restore else None
    fingerprint = loaded.fingerprint(properties)
    positions = dict(saved.positions) if saved else {}
    job = Job(
        source=KinesisSource(kinesis, properties.clicks_stream_arn, positions=positions),
        engine=_engine(loaded, properties, saved, fingerprint, log),
        outputs=outputs,
        store=store,
        log=log,
        program=fingerprint,
        event_time=event_time_of(loaded.application, properties.max_ahead_seconds),
        checkpoint_interval_seconds=properties.checkpoint_interval_seconds,
        positions=positions,
        counts=Counter(saved.counts if saved else {}),
    )
    job.start()
    log.write("job_started", engine=properties.engine, pid=os.getpid(), restored=saved is not None, positions=positions)
    job.run(should_stop)
    log.write("job_stopped", state=store.location, positions=job.positions, counts=job.counts)


def event_time_of(application: Application, max_ahead_seconds: float) -> EventTime:
    """Give the function that tells a record's event time in seconds since 1970.

    It gives None where a record has no row with a time that the engine would take: one wrong clock, far ahead of its
    arrival, must not hold back its shard.
    """
    decoder = record_decoder(application.input.schema)
    has_event_time = application.input.schema.rowtime is not None

    def event_time(record: Record) -> float | None:
        arrived = record.arrival_time.timestamp() if record.arrival_time else None
        if not has_event_time:
            return arrived
        latest = float("inf") if arrived is None else arrived + max_ahead_seconds
        rows = (row for row in decoder.decode(record.data) if isinstance(row, DecodedRow))
        times = (row.rowtime_ms / 1000 for row in rows if row.rowtime_ms is not None)
        return max((time for time in times if time <= latest), default=None)

    return event_time


def _engine(
    loaded: LoadedProgram,
    properties: ApplicationProperties,
    saved: Checkpoint | None,
    fingerprint: str,
    log: JobLog,
) -> EmbeddedEngine:
    options: dict[str, Any] = {
        "seed": properties.seed,
        "allowed_lateness_seconds": properties.allowed_lateness_seconds,
        "max_ahead_seconds": properties.max_ahead_seconds,
    }
    if saved is not None and saved.program == fingerprint:
        return EmbeddedEngine.from_bytes(saved.engine, loaded.program, loaded.application, **options)
    if saved is not None:
        # Its forests and windows are those of another program: they mean nothing to this one.
        reason = "the SQL, the schema, the seed or the lateness changed; learning anew from where the stream stands"
        log.write("state_discarded", level="WARN", reason=reason)
    return EmbeddedEngine(loaded.program, loaded.application, **options)
