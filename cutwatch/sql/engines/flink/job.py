"""Puts the job together: source, decoding, intake, lanes, sinks."""

from __future__ import annotations

from typing import Any

from pyflink.common.typeinfo import Types
from pyflink.datastream import OutputTag, StreamExecutionEnvironment
from pyflink.table import DataTypes, Schema, StreamTableEnvironment

from cutwatch.sql.engines.flink.connection import Connection, create_table
from cutwatch.sql.engines.flink.lanes import MAX_PARALLELISM
from cutwatch.sql.engines.flink.operators import Decode, Encode, IntakeOperator, LaneOperator
from cutwatch.sql.engines.flink.spec import EngineSpec


def build_job(
    environment: StreamExecutionEnvironment,
    spec: EngineSpec,
    connection: Connection,
    encode: Encode,
    *,
    name: str = "cutwatch",
) -> None:
    """Add the job to an environment; `environment.execute` runs it.

    The table planner plans source and sinks; between them run the engine's own operators.

    Args:
        environment: with its parallelism set.
        spec: the program and how to run it.
        connection: what is read and written.
        encode: from rows to the bytes of an output.
        name: of this program among those of one environment; state is found again by it.
    """
    environment.set_max_parallelism(MAX_PARALLELISM)
    tables = StreamTableEnvironment.create(environment)
    row_type = Types.ROW_NAMED(["data"], [Types.PRIMITIVE_ARRAY(Types.BYTE())])
    tags = {tag: OutputTag(tag, row_type) for tag in connection.sinks()}
    records = connection.read(tables, environment)
    decoded = records.process(Decode(spec, connection.parse), output_type=Types.PICKLED_BYTE_ARRAY()).name("decode")
    work = (
        decoded.key_by(_no_key, key_type=Types.INT())
        .process(IntakeOperator(spec), output_type=Types.PICKLED_BYTE_ARRAY())
        .name("intake")
        .uid(f"{name}-intake")
        .set_parallelism(1)
    )
    # One lane works in one slot by its key alone; a parallelism of its own would shuffle rows on their way to the sink.
    lanes = (
        work.key_by(_lane_key, key_type=Types.INT())
        .process(LaneOperator(spec, encode, tags), output_type=row_type)
        .name("lanes")
        .uid(f"{name}-lanes")
    )
    statements = tables.create_statement_set()
    schema = Schema.new_builder().column("data", DataTypes.BYTES()).build()
    for tag, options in connection.sinks().items():
        tables.execute_sql(create_table(f"to {tag}", options))
        rows = tables.from_data_stream(lanes.get_side_output(tags[tag]), schema)
        statements.add_insert(f"`to {tag}`", rows)
    statements.attach_as_datastream()


def _no_key(element: Any) -> int:  # noqa: ARG001
    return 0


def _lane_key(element: Any) -> int:
    return int(element[0])
