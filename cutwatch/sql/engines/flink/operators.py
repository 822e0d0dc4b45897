"""The job's three operators: thin wrappers in which Flink's state and timers meet the engine's own parts.

PyFlink tells a function nothing when a checkpoint is taken, so keyed state must be right after every element: each
operator adds what it takes in to a log, and now and then replaces the log by a snapshot. After a restart the snapshot
is taken up and the log run through again, its results left out; they are in the streams already.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from pyflink.common import Row
from pyflink.common.typeinfo import Types
from pyflink.datastream import KeyedProcessFunction, OutputTag, ProcessFunction, TimeDomain
from pyflink.datastream.state import ListStateDescriptor, MapStateDescriptor, ValueStateDescriptor

from cutwatch.sql.decoding import BadRow, DecodedRow, record_decoder
from cutwatch.sql.engines.flink.intake import LaneIntake
from cutwatch.sql.engines.flink.lane import Lane, SavedForest
from cutwatch.sql.engines.flink.lanes import lane_keys
from cutwatch.sql.engines.flink.order import END, Arrived
from cutwatch.sql.engines.flink.spec import EngineSpec
from cutwatch.sql.rows import OutputRow

FLUSH_MS = 200
"""What has come is worked off so often."""
QUIET_MS = 20_000
"""When nothing has come for so long, no split is behind; it is longer than Flink takes to call a split idle."""

Parse = Callable[[Any], tuple[int, int | None, bytes]]
"""From what a source gives to (order, arrival in milliseconds, bytes)."""


class Encode(Protocol):
    """From a row to the tag of its output and its bytes; None where it goes nowhere. Made in each worker by `open`."""

    def open(self) -> None:
        """Get ready."""

    def __call__(self, row: OutputRow) -> tuple[str, bytes] | None:
        """Encode a row."""

    def progress(self, lane: int, records: int) -> tuple[str, bytes] | None:
        """What to write when a lane has worked off so many records of the source; None for nothing."""


class Decode(ProcessFunction):  # type: ignore[misc]
    """Bytes to rows, wherever the record was read. Nothing is dropped: a bad row goes on as what is wrong with it."""

    def __init__(self, spec: EngineSpec, parse: Parse) -> None:
        self._spec, self._parse = spec, parse

    def open(self, runtime_context: Any) -> None:  # noqa: ARG002
        """Make the decoder."""
        self._decoder = record_decoder(self._spec.application.input.schema)

    def process_element(self, value: Any, ctx: Any) -> Iterator[tuple[Any, ...]]:  # noqa: ARG002
        """Decode one record."""
        order, arrival, data = self._parse(value)
        yield order, arrival, data, [tuple(row) for row in self._decoder.decode(data)]


def _arrived(element: tuple[Any, ...]) -> Arrived:
    order, arrival, data, rows = element
    return Arrived(order, arrival, data, [DecodedRow(*row) if len(row) == 3 else BadRow(*row) for row in rows])


class IntakeOperator(KeyedProcessFunction):  # type: ignore[misc]
    """LaneIntake under one key: elements wait until the next flush."""

    def __init__(self, spec: EngineSpec) -> None:
        self._spec = spec

    def open(self, runtime_context: Any) -> None:
        """Name the state."""
        self._base = runtime_context.get_state(ValueStateDescriptor("intake", Types.PICKLED_BYTE_ARRAY()))
        self._log = runtime_context.get_list_state(ListStateDescriptor("intake-log", Types.PICKLED_BYTE_ARRAY()))
        self._intake: LaneIntake | None = None
        self._pending: list[Arrived] = []
        self._logged = 0
        self._base_size = 0
        self._timer: int | None = None
        self._last = 0
        self._keys = lane_keys(self._spec.lanes)

    def process_element(self, value: tuple[Any, ...], ctx: Any) -> Iterator[Any]:
        """Keep a record until the next flush."""
        if self._intake is None:
            self._take_up()
        self._pending.append(_arrived(value))
        self._log.add(value)
        self._logged += len(value[2]) + 100
        self._last = ctx.timer_service().current_processing_time()
        self._set_timer(ctx)
        yield from ()

    def on_timer(self, timestamp: int, ctx: Any) -> Iterator[Any]:
        """Work off what came."""
        if self._intake is None:
            self._take_up()
        assert self._intake is not None
        service = ctx.timer_service()
        ended = ctx.time_domain() == TimeDomain.EVENT_TIME and timestamp >= END
        self._timer = None
        quiet = service.current_processing_time() - self._last >= QUIET_MS
        mark = (END if ended else service.current_watermark(), quiet)
        works = self._flush(mark)
        self._log.add(mark)
        if self._logged >= max(self._spec.snapshot_bytes, self._base_size):
            self._save()
        if self._intake.holds_back and not ended:
            self._set_timer(ctx)
        for lane, work in works:
            yield self._keys[lane], lane, pickle.dumps(work, pickle.HIGHEST_PROTOCOL)

    def _set_timer(self, ctx: Any) -> None:
        if self._timer is None:
            service = ctx.timer_service()
            self._timer = service.current_processing_time() + FLUSH_MS
            service.register_processing_time_timer(self._timer)
            service.register_event_time_timer(END)

    def _flush(self, mark: tuple[int, bool]) -> list[tuple[int, Any]]:
        assert self._intake is not None
        self._intake.add(self._pending)
        self._pending = []
        return self._intake.flush(mark[0], quiet=mark[1])

    def _save(self) -> None:
        assert self._intake is not None
        base = pickle.dumps(self._intake.state(), pickle.HIGHEST_PROTOCOL)
        self._base.update((self._spec.identity, base))
        self._log.clear()
        self._logged, self._base_size = 0, len(base)

    def _take_up(self) -> None:
        self._intake = LaneIntake(self._spec)
        saved = self._base.value()
        if saved is not None and saved[0] != self._spec.identity:
            self._base.clear()
            self._log.clear()
            return
        if saved is not None:
            self._intake.restore(pickle.loads(saved[1]))  # noqa: S301 - the job's own state
            self._base_size = len(saved[1])
        else:
            self._save()
        for entry in self._log.get() or ():
            if len(entry) == 2:
                self._flush(entry)
            else:
                self._pending.append(_arrived(entry))
                self._logged += len(entry[2]) + 100


class LaneOperator(KeyedProcessFunction):  # type: ignore[misc]
    """Lanes under their keys."""

    def __init__(self, spec: EngineSpec, encode: Encode, tags: dict[str, OutputTag]) -> None:
        self._spec, self._encode, self._tags = spec, encode, tags

    def open(self, runtime_context: Any) -> None:
        """Name the state and make the encoder."""
        pickled = Types.PICKLED_BYTE_ARRAY
        self._base = runtime_context.get_state(ValueStateDescriptor("lane", pickled()))
        self._log = runtime_context.get_list_state(ListStateDescriptor("lane-log", pickled()))
        self._snapshots = runtime_context.get_map_state(MapStateDescriptor("forests", pickled(), pickled()))
        self._rows = runtime_context.get_map_state(MapStateDescriptor("forest-rows", pickled(), pickled()))
        self._lanes: dict[int, Lane] = {}
        self._sizes: dict[int, list[int]] = {}
        self._encode.open()

    def process_element(self, value: tuple[int, int, bytes], ctx: Any) -> Iterator[Any]:  # noqa: ARG002
        """Do a piece of a lane's work."""
        key, number, data = value
        if key not in self._lanes:
            self._take_up(key)
        lane, sizes = self._lanes[key], self._sizes[key]
        work = pickle.loads(data)  # noqa: S301 - from the intake
        outputs = [self._encode(row) for row in lane.run(work)]
        self._log.add(data)
        sizes[0] += len(data)
        if sizes[0] >= max(self._spec.snapshot_bytes, sizes[1]):
            self._save(key)
        for found in (*outputs, self._encode.progress(number, work.records)):
            if found is not None:
                yield self._tags[found[0]], Row(found[1])

    def _save(self, key: int) -> None:
        lane = self._lanes[key]
        base = pickle.dumps(lane.state(), pickle.HIGHEST_PROTOCOL)
        self._base.update((self._spec.identity, base))
        for forest, saved in lane.changed_forests().items():
            if not saved.rows and saved.snapshot is not None:
                self._snapshots.put(forest, saved.snapshot)
            self._rows.put(forest, (saved.rows, saved.seen))
        self._log.clear()
        self._sizes[key] = [0, len(base)]

    def _take_up(self, key: int) -> None:
        self._lanes[key] = lane = Lane(self._spec)
        self._sizes[key] = sizes = [0, 0]
        saved = self._base.value()
        if saved is not None and saved[0] != self._spec.identity:
            for state in (self._base, self._log, self._snapshots, self._rows):
                state.clear()
            saved = None
        if saved is None:
            self._save(key)
            return
        sizes[1] = len(saved[1])
        rows = dict(self._rows.items())
        forests = {
            forest: SavedForest(self._snapshots.get(forest), since, seen) for forest, (since, seen) in rows.items()
        }
        lane.restore(pickle.loads(saved[1]), forests)  # noqa: S301 - the job's own state
        for data in self._log.get() or ():
            lane.run(pickle.loads(data))  # noqa: S301 - from the intake
            sizes[0] += len(data)
