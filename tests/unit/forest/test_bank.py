"""Many forests at once: as one forest for each key, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwatch.errors import DataError, DeveloperError
from cutwatch.forest import ForestBank, RandomCutForest

PARAMETERS: dict[str, Any] = {"trees": 4, "sub_sample_size": 16, "time_decay": 80}


@settings(max_examples=25, deadline=None)
@given(
    keys=st.integers(1, 9),
    columns=st.sampled_from([1, 3, 4]),
    shingle_size=st.sampled_from([1, 2]),
    batch=st.sampled_from([1, 2, 7, 50, 333]),
    seed=st.integers(0, 1_000),
)
def test_as_separate_forests(keys: int, columns: int, shingle_size: int, batch: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, numbers = rng.normal(size=(333, columns)), rng.integers(0, keys, 333) * 3
    bank = ForestBank(columns, shingle_size=shingle_size, seed=seed, **PARAMETERS)
    parts = [bank.learn_score(numbers[i : i + batch], rows[i : i + batch]) for i in range(0, 333, batch)]
    assert len(bank) == len(set(numbers.tolist()))
    for number in set(numbers.tolist()):
        alone = RandomCutForest(columns, shingle_size=shingle_size, seed=bank.seed_of(number), **PARAMETERS)
        mine = numbers == number
        expected = alone.learn_score(rows[mine])
        for name in ("score", "high", "low"):
            found = np.concatenate([getattr(part, name) for part in parts])[mine]
            assert found.tobytes() == getattr(expected, name).tobytes()
        assert bank[number].to_bytes() == alone.to_bytes()


def test_keys_are_numbered_as_they_come() -> None:
    bank = ForestBank(1)
    assert bank.numbers(["b", "a", "b", ("c", 1)]).tolist() == [0, 1, 0, 2]
    assert bank.numbers(["a", "d"]).tolist() == [1, 3]
    assert bank.numbers([]).tolist() == []
    assert len(bank) == 0


def test_forests_have_seeds_of_their_own() -> None:
    bank = ForestBank(1, seed=5, **PARAMETERS)
    values = np.random.default_rng(0).normal(size=60)
    scores = bank.learn_score(np.repeat([0, 1], 60), np.tile(values, 2)).score
    assert (scores[16:60] != scores[76:]).any()
    assert bank.seed_of(0) == 5


def test_a_restored_forest_takes_its_place() -> None:
    rows = np.random.default_rng(1).normal(size=(90, 2))
    one, other = ForestBank(2, **PARAMETERS), ForestBank(2, **PARAMETERS)
    one.learn_score(np.full(60, 4), rows[:60])
    other[4] = RandomCutForest.from_bytes(one[4].to_bytes())
    late = [bank.learn_score(np.full(30, 4), rows[60:]).score.tobytes() for bank in (one, other)]
    assert late[0] == late[1]
    with pytest.raises(DeveloperError, match="a forest of 3 columns does not fit a bank of 2"):
        other[0] = RandomCutForest(3)


def test_nothing_is_learnt_from_a_batch_with_a_bad_value() -> None:
    bank = ForestBank(1, **PARAMETERS)
    bank.learn_score([0, 1], [[1.0], [2.0]])
    before = [bank[number].to_bytes() for number in (0, 1)]
    with pytest.raises(DataError, match=r"^row 2, column 0: no value"):
        bank.learn_score([0, 1, 1], [[1.0], [2.0], [float("nan")]])
    assert [bank[number].to_bytes() for number in (0, 1)] == before


def test_wrong_numbers_are_refused() -> None:
    bank = ForestBank(1, **PARAMETERS)
    for numbers in ([0], [0, 1, 2], [0.0, 1.0], ["a", "b"], [[0], [1]]):
        with pytest.raises(DeveloperError, match="numbers must be 2 whole numbers"):
            bank.learn_score(numbers, [[1.0], [2.0]])
    for number in (-1, 10_000_000):
        with pytest.raises(DataError, match="must be from 0 to 9,999,999"):
            bank.learn_score([0, number], [[1.0], [2.0]])
    with pytest.raises(KeyError):
        bank[7]


def test_an_empty_batch() -> None:
    assert len(ForestBank(3).learn_score([], np.empty((0, 3)))) == 0
