"""Many forests at once, one for each key, fed with batches in which the keys are mixed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cutwatch.errors import DataError, DeveloperError
from cutwatch.forest.forest import RandomCutForest
from cutwatch.forest.native_library import core
from cutwatch.forest.parameters import (
    DEFAULT_SHINGLE_SIZE,
    DEFAULT_SUB_SAMPLE_SIZE,
    DEFAULT_TIME_DECAY,
    DEFAULT_TREES,
    ForestParameters,
)
from cutwatch.forest.rows import as_rows, refuse
from cutwatch.forest.scores import Scores

MOST_FORESTS = 10_000_000
_SEED_STEP = 0x9E3779B97F4A7C15


class ForestBank:
    """Forests of equal parameters, numbered from 0, each made when its number first occurs.

    A batch costs one call into C, however many forests it concerns. Each forest sees its own records in the order of
    the batch and scores as a `RandomCutForest` with the seed `seed_of(number)` would, to the bit. A forest of 100 trees
    of 256 records takes 2 MB at one column and 4 MB at four.

    Args:
        columns, trees, sub_sample_size, time_decay, shingle_size: as for `RandomCutForest`, for all forests.
        seed: the start from which each forest's own seed follows.

    Raises:
        DeveloperError: when a parameter is out of its range.

    Example:
        >>> bank = ForestBank(columns=1, seed=1)
        >>> numbers = bank.numbers(["home", "cart", "home"])
        >>> numbers.tolist()
        [0, 1, 0]
        >>> bank.learn_score(numbers, [[5.0], [2.0], [6.0]]).score.tolist()
        [0.0, 0.0, 0.0]
    """

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
        self.parameters = ForestParameters(columns, trees, sub_sample_size, time_decay, shingle_size, seed)
        self._forests: dict[int, RandomCutForest] = {}
        self._addresses: NDArray[np.uintp] = np.zeros(16, np.uintp)
        self._number_of: defaultdict[Hashable, int] = defaultdict(lambda: len(self._number_of))

    def __len__(self) -> int:
        """How many forests there are."""
        return len(self._forests)

    def __getitem__(self, number: int) -> RandomCutForest:
        """Return the forest of a number; raises KeyError where no record of it has come."""
        return self._forests[number]

    def __setitem__(self, number: int, forest: RandomCutForest) -> None:
        """Put a forest, such as a restored one, in a number's place."""
        if forest.parameters.columns != self.parameters.columns:
            raise DeveloperError(
                f"a forest of {forest.parameters.columns} columns does not fit a bank of {self.parameters.columns}."
            )
        self._grow(number)
        self._forests[number] = forest
        self._addresses[number] = forest.address

    def seed_of(self, number: int) -> int:
        """Return the seed with which the bank makes the forest of a number."""
        return (self.parameters.seed + number * _SEED_STEP) % 2**64

    def numbers(self, keys: Iterable[Hashable]) -> NDArray[np.int64]:
        """Number keys in the order in which they are first met, for `learn_score`.

        Args:
            keys: n keys of any hashable type.

        Returns:
            Their numbers, shape (n,).
        """
        return np.fromiter(map(self._number_of.__getitem__, keys), np.int64)

    def learn_score(self, numbers: ArrayLike, rows: ArrayLike) -> Scores:
        """Score each record against its own forest's past, then let that forest learn it.

        Args:
            numbers: the forest of each record, shape (n,), whole numbers from 0. Keep them dense: memory for an address
                is set aside up to the highest.
            rows: records in their order, shape (n, columns).

        Returns:
            The scores, in the order of the rows.

        Raises:
            DataError: when a value is missing, not finite, beyond 1e304 or not a number. Then nothing is learnt.
            DeveloperError: when the shapes do not fit or a number is no forest's.
        """
        array = as_rows(rows, self.parameters.columns)
        which = self._as_numbers(numbers, len(array))
        n, columns = array.shape
        scores = Scores(np.empty(n), np.empty(array.shape), np.empty(array.shape))
        if not n:
            return scores
        highest = int(which.max())
        self._grow(highest)
        for number in np.unique(which[self._addresses[which] == 0]).tolist():
            self[number] = self._make(number)
        order = np.empty(n + highest + 2, np.int64)
        gathered = np.empty(n * (3 * columns + 1))
        place = core().forest_learn_score_many(
            self._addresses.ctypes.data,
            which.ctypes.data,
            array.ctypes.data,
            n,
            scores.score.ctypes.data,
            scores.high.ctypes.data,
            scores.low.ctypes.data,
            order.ctypes.data,
            gathered.ctypes.data,
        )
        if place >= 0:
            raise refuse(float(array.flat[place]), *divmod(place, columns))
        return scores

    def _make(self, number: int) -> RandomCutForest:
        p = self.parameters
        return RandomCutForest(
            p.columns,
            trees=p.trees,
            sub_sample_size=p.sub_sample_size,
            time_decay=p.time_decay,
            shingle_size=p.shingle_size,
            seed=self.seed_of(number),
        )

    def _as_numbers(self, numbers: ArrayLike, n: int) -> NDArray[np.int64]:
        given = np.asarray(numbers)
        if given.shape != (n,) or (n and given.dtype.kind not in "iu"):
            raise DeveloperError(f"numbers must be {n} whole numbers, one for each row.")
        which = np.ascontiguousarray(given, np.int64)
        if n and (which.min() < 0 or which.max() >= MOST_FORESTS):
            raise DataError(f"the number of a forest must be from 0 to {MOST_FORESTS - 1:,}.")
        return which

    def _grow(self, number: int) -> None:
        if number >= len(self._addresses):
            self._addresses = np.concatenate(
                [self._addresses, np.zeros(max(number + 1, 2 * len(self._addresses)) - len(self._addresses), np.uintp)]
            )
