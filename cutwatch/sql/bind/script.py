"""All statements of a file to a program."""

from __future__ import annotations

from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter

from cutwatch.sql.bind.inserts import bind_insert
from cutwatch.sql.bind.queries import BoundQuery, bind_query, find_stream
from cutwatch.sql.errors import SourceText
from cutwatch.sql.program import ERROR_STREAM, Column, Program, Pump, Stream, error_stream
from cutwatch.sql.syntax.ast import CreatePump, CreateStream, Name, Statement
from cutwatch.sql.types import parse_type


def bind_script(statements: Sequence[Statement], sources: Sequence[Stream], source: SourceText) -> Program:
    """Bind a file's statements.

    Args:
        statements: what the parser gave, in any order.
        sources: the streams that the application's inputs fill.
        source: the text, for errors.

    Raises:
        SqlError: something is unknown, given twice, in a circle or not supported.
    """
    streams = {stream.name: stream for stream in (*sources, error_stream())}
    for statement in statements:
        if isinstance(statement, CreateStream):
            _refuse_known(statement.name, streams, "stream", source)
            streams[statement.name.text] = _create(statement, source)
    pumps: dict[str, Pump] = {}
    places: dict[str, Name] = {}
    for statement in statements:
        if isinstance(statement, CreatePump):
            _refuse_known(statement.name, pumps, "pump", source)
            pumps[statement.name.text] = _bind_pump(statement, streams, source)
            places[statement.name.text] = statement.name
    return Program(tuple(streams.values()), _in_order(list(pumps.values()), places, source))


def _refuse_known(name: Name, known: dict[str, Stream] | dict[str, Pump], what: str, source: SourceText) -> None:
    if name.text in known or name.text.lower() == ERROR_STREAM:
        raise source.error(f'{what} "{name.text}" is there already', name.at, "give it another name")


def _create(statement: CreateStream, source: SourceText) -> Stream:
    columns: dict[str, Column] = {}
    for definition in statement.columns:
        name = definition.name
        if name.text in columns:
            raise source.error(f'column "{name.text}" is there already', name.at)
        if name.text == "ROWTIME":
            raise source.error("ROWTIME is there on every stream by itself", name.at, "leave the column out")
        try:
            kind = parse_type(definition.type_text)
        except ValueError as cause:
            raise source.error(str(cause), definition.type_at) from None
        columns[name.text] = Column(name.text, kind, definition.not_null)
    return Stream(statement.name.text, tuple(columns.values()))


def _bind_pump(statement: CreatePump, streams: dict[str, Stream], source: SourceText) -> Pump:
    target = find_stream(statement.target, streams, source)
    if target.is_source or target.name == ERROR_STREAM:
        raise source.error(
            f'nothing can be inserted into "{target.name}"', statement.target.at, "create a stream for it"
        )
    query: BoundQuery = bind_query(statement.query, streams, source)
    return Pump(statement.name.text, query.stream, bind_insert(statement, query, target, source), target.name)


def _in_order(pumps: list[Pump], places: dict[str, Name], source: SourceText) -> tuple[Pump, ...]:
    """Sort pumps so that each comes after those that fill what it reads; those of the error stream come last."""
    fed_by_errors = _downstream(ERROR_STREAM, pumps)
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for index, pump in enumerate(pumps):
        before = [other for other, candidate in enumerate(pumps) if candidate.target == pump.source]
        if pump.source == ERROR_STREAM:
            before += [other for other in range(len(pumps)) if other not in fed_by_errors]
        sorter.add(index, *before)
    try:
        sorter.prepare()
    except CycleError as cause:
        circle = [pumps[index] for index in cause.args[1]]
        names = " -> ".join(f'"{pump.name}"' for pump in reversed(circle))
        raise source.error(f"pumps feed each other in a circle: {names}", places[circle[0].name].at) from None
    order: list[int] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order.extend(ready)
        sorter.done(*ready)
    return tuple(pumps[index] for index in order)


def _downstream(stream: str, pumps: list[Pump]) -> set[int]:
    reached, frontier = set[int](), {stream}
    while frontier:
        found = {index for index, pump in enumerate(pumps) if pump.source in frontier and index not in reached}
        reached |= found
        frontier = {pumps[index].target for index in found}
    return reached
