"""The Random Cut Forest: scores and explains records as the Kinesis Analytics service did."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutwatch.errors import DataError, DeveloperError, OperatorError
from cutwatch.forest import state
from cutwatch.forest.native_library import core
from cutwatch.forest.parameters import (
    DEFAULT_SHINGLE_SIZE,
    DEFAULT_SUB_SAMPLE_SIZE,
    DEFAULT_TIME_DECAY,
    DEFAULT_TREES,
    ForestParameters,
)
from cutwatch.forest.rows import as_rows, one_row, refuse
from cutwatch.forest.scores import Floats, Score, Scores

PARTS = 4
"""The trees are summed in so many fixed parts: any number of threads up to it gives the same bits."""

_ALIGNMENT = 64
_FEW_ROWS = 16
_LARGEST_KEPT = 16_000_000
_PLAIN_NUMBERS = frozenset((float, int))


_kept = threading.local()


def _scratch(purpose: str, size: int) -> Floats:
    """Memory to save and restore in, kept by each thread: asking the system for it anew takes as long as the work."""
    if size > _LARGEST_KEPT:
        return np.empty(size // 8 + 1)
    kept: Floats | None = getattr(_kept, purpose, None)
    if kept is None or kept.nbytes < size:
        kept = np.empty(size // 8 + 1)
        setattr(_kept, purpose, kept)
    return kept


class RandomCutForest:
    """A Random Cut Forest that learns a stream of records and scores each before learning it.

    A record's score tells how easily a random cut separates it from a sample of the past: about 1 and below is
    ordinary, log2(sub_sample_size) is the most there is. The first `sub_sample_size` records score 0.

    The forest does badly where what is unusual is not a rare combination of values: a value that is normal at another
    hour, a slow drift, a missing record. It treats all columns alike, so a column of a much larger spread drowns the
    others: put columns on like scales first. Records that repeat one another keep a high score for a while after a
    change, and none of the columns then stands out.

    Equal seeds and records give equal bits, however the records are cut into calls. One forest must not be used by two
    threads at once; different forests may be, and run in parallel.

    Sources: Guha, Mishra, Roy, Schrijvers, "Robust random cut forest based anomaly detection on streams", 2016; the
    reference of RANDOM_CUT_FOREST_WITH_EXPLANATION in the Amazon Kinesis Data Analytics SQL reference; and the
    service's scoring rules as its published output shows them (docs/forest.md).

    Args:
        columns: numbers in a record, 1 to 30.
        trees: how many trees vote, 1 to 1,000.
        sub_sample_size: records that each tree keeps, 10 to 1,000 and less than `time_decay`.
        time_decay: after so many records a record's weight in the sample has fallen by a factor e.
        shingle_size: consecutive records that are looked at together, 1 to 30; parts of a score are given to the
            columns, whichever of those records they stem from. A stream begins as if its first record had been there
            before.
        seed: the start of the random numbers.

    Raises:
        DeveloperError: when a parameter is out of its range.
        OperatorError: when there is not enough memory; see `nbytes`.

    Example:
        >>> forest = RandomCutForest(columns=2, seed=1)
        >>> rows = np.random.default_rng(1).normal(size=(2_000, 2))
        >>> bool(forest.learn_score(rows).score[300:].mean() < 1.2)
        True
        >>> forest.explain([[0.0, 9.0]]).high.argmax(axis=1).tolist()
        [1]
    """

    __slots__ = ("_address", "_block", "_io", "_io_address", "_learn_score_one", "parameters")

    def __init__(
        self,
        columns: int,
        *,
        trees: int = DEFAULT_TREES,
        sub_sample_size: int = DEFAULT_SUB_SAMPLE_SIZE,
        time_decay: int = DEFAULT_TIME_DECAY,
        shingle_size: int = DEFAULT_SHINGLE_SIZE,
        seed: int = 0,
    ) -> None:
        self._prepare(ForestParameters(columns, trees, sub_sample_size, time_decay, shingle_size, seed))

    def _prepare(self, parameters: ForestParameters) -> None:
        self.parameters = parameters
        p = parameters
        library = core()
        size = library.forest_bytes(p.columns, p.shingle_size, p.trees, p.sub_sample_size)
        try:
            room = np.zeros(size + _ALIGNMENT, np.uint8)
        except MemoryError as error:
            raise OperatorError(f"{self!r} needs {size / 1e9:,.1f} GB of memory, and there is not so much.") from error
        start = -room.ctypes.data % _ALIGNMENT
        self._block: NDArray[np.uint8] = room[start : start + size]
        self._address: int = self._block.ctypes.data
        self._io: Any = (ctypes.c_double * (3 * p.columns + 1))()
        self._io_address = ctypes.addressof(self._io)
        self._learn_score_one = library.forest_learn_score_one
        library.forest_init(
            self._address,
            p.columns,
            p.shingle_size,
            p.trees,
            p.sub_sample_size,
            1.0 / p.time_decay,
            p.seed % 2**64,
        )

    def __repr__(self) -> str:
        p = self.parameters
        return (
            f"RandomCutForest({p.columns}, trees={p.trees}, sub_sample_size={p.sub_sample_size}, "
            f"time_decay={p.time_decay}, shingle_size={p.shingle_size}, seed={p.seed})"
        )

    @property
    def address(self) -> int:
        """Where the forest lies in memory, for `ForestBank`."""
        return self._address

    @property
    def nbytes(self) -> int:
        """The memory that the forest takes, in bytes."""
        return self._block.nbytes

    def learn_score(self, rows: ArrayLike, *, threads: int = 1) -> Scores:
        """Score each record against those before it, then learn it.

        Args:
            rows: records in their order, shape (n, columns), any n; with one column also (n,).
            threads: over how many threads, up to 4, the trees are spread. The result does not depend on it.

        Returns:
            The scores, zero for the first `sub_sample_size` records of the forest's life.

        Raises:
            DataError: when a value is missing, not finite, beyond 1e304 or not a number. Then nothing is learnt.
            DeveloperError: when the shape is wrong.
        """
        array = as_rows(rows, self.parameters.columns)
        if type(threads) is not int or not 1 <= threads <= PARTS:
            raise DeveloperError(f"threads must be a whole number from 1 to {PARTS}, not {threads!r}.")
        if threads > 1 and len(array) >= _FEW_ROWS:
            return self._learn_score_in_threads(array, threads)
        scores, places = self._room_for(array)
        self._raise_if_bad(core().forest_learn_score(self._address, array.ctypes.data, len(array), *places), array)
        return scores

    def learn_score_one(self, row: Sequence[float]) -> Score:
        """Score one record, then learn it: `learn_score` without the price of making arrays.

        Args:
            row: as many numbers as the forest has columns.

        Returns:
            The score, and each column's part in it on either side.

        Raises:
            DataError: when a value is missing, not finite, beyond 1e304 or not a number. Then nothing is learnt.
            DeveloperError: when there are more or fewer values than columns.
        """
        columns = self.parameters.columns
        if len(row) != columns or not _PLAIN_NUMBERS.issuperset(map(type, row)):
            row = one_row(row, columns)
        io = self._io
        try:
            io[:columns] = row
        except OverflowError:  # a whole number beyond all doubles
            io[:columns] = row = one_row(row, columns)
        bad = self._learn_score_one(self._address, self._io_address)
        if bad >= 0:
            raise refuse(row[bad], 0, bad)
        return Score(io[columns], io[columns + 1 : 2 * columns + 1], io[2 * columns + 1 :])

    def score(self, rows: ArrayLike) -> Floats:
        """Score records without learning them: each as if it came next in the stream.

        Args:
            rows: as for `learn_score`.

        Returns:
            Scores, shape (n,); zero while the forest has not learnt `sub_sample_size` records.

        Raises:
            DataError, DeveloperError: as for `learn_score`.
        """
        array = as_rows(rows, self.parameters.columns)
        score = np.empty(len(array))
        bad = core().forest_explain(self._address, array.ctypes.data, len(array), score.ctypes.data, None, None)
        self._raise_if_bad(bad, array)
        return score

    def explain(self, rows: ArrayLike) -> Scores:
        """Score and explain records without learning them: each as if it came next in the stream.

        Args:
            rows: as for `learn_score`.

        Returns:
            The scores and what they are made of.

        Raises:
            DataError, DeveloperError: as for `learn_score`.
        """
        array = as_rows(rows, self.parameters.columns)
        scores, places = self._room_for(array)
        self._raise_if_bad(core().forest_explain(self._address, array.ctypes.data, len(array), *places), array)
        return scores

    def update(self, rows: ArrayLike) -> None:
        """Learn records without scoring them, which is many times faster.

        Args:
            rows: as for `learn_score`.

        Raises:
            DataError, DeveloperError: as for `learn_score`.
        """
        array = as_rows(rows, self.parameters.columns)
        self._raise_if_bad(core().forest_update(self._address, array.ctypes.data, len(array)), array)

    def copy(self) -> Self:
        """Make a second forest in the same state."""
        twin = type(self).__new__(type(self))
        twin._prepare(self.parameters)
        twin._block[:] = self._block
        return twin

    def to_bytes(self) -> bytes:
        """Save the forest: everything from which it continues to the bit, random numbers included.

        Returns:
            A versioned, checksummed, little-endian blob. Forests in equal states give equal blobs.
        """
        library = core()
        room = _scratch("room", library.forest_save_bound(self._address))
        scratch = _scratch("save", library.forest_save_scratch(self._address))
        size = library.forest_save(self._address, room.ctypes.data, scratch.ctypes.data)
        return state.pack(self.parameters, room.view(np.uint8)[:size].data)

    @classmethod
    def from_bytes(cls, saved: bytes) -> Self:
        """Restore a forest that `to_bytes` saved.

        Raises:
            DataError: when the bytes are no saved forest, of a newer version, cut short or damaged.
        """
        parameters, body = state.unpack(saved)
        forest = cls.__new__(cls)
        forest._prepare(parameters)
        library = core()
        scratch = _scratch("restore", library.forest_restore_scratch(forest._address))
        if not library.forest_restore(forest._address, body, len(body), scratch.ctypes.data):
            raise DataError("A saved forest is damaged: its contents do not fit together.")
        return forest

    def __reduce__(self) -> tuple[object, ...]:
        return type(self).from_bytes, (self.to_bytes(),)

    def _room_for(self, array: Floats) -> tuple[Scores, tuple[int, int, int]]:
        scores = Scores(np.empty(len(array)), np.empty(array.shape), np.empty(array.shape))
        return scores, (scores.score.ctypes.data, scores.high.ctypes.data, scores.low.ctypes.data)

    def _raise_if_bad(self, place: int, array: Floats) -> None:
        if place >= 0:
            raise refuse(float(array.flat[place]), *divmod(place, self.parameters.columns))

    def _learn_score_in_threads(self, array: Floats, threads: int) -> Scores:
        from concurrent.futures import ThreadPoolExecutor

        library, address, n = core(), self._address, len(array)
        self._raise_if_bad(library.forest_check(array.ctypes.data, array.size), array)
        scores, places = self._room_for(array)
        sums = np.zeros((PARTS, n, 2 * self.parameters.columns))
        library.forest_begin(address, array.ctypes.data)
        cuts = [PARTS * k // threads for k in range(threads + 1)]
        with ThreadPoolExecutor(threads) as pool:
            for k in range(threads):
                pool.submit(library.forest_parts, address, cuts[k], cuts[k + 1], array.ctypes.data, n, sums.ctypes.data)
        library.forest_finish(address, array.ctypes.data, n, sums.ctypes.data, *places)
        return scores
