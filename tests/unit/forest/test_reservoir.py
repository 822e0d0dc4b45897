"""Which records the trees keep: the weighted reservoir that timeDecay stands for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from cutwatch.forest import RandomCutForest
from tests.unit.forest.blocks import check_tree, next_records, trees


def ages(forest: RandomCutForest, seen: int) -> NDArray[np.float64]:
    """How many records ago each record of the trees came; the stream was 0, 1, 2, ..."""
    held = [np.frombuffer(b"".join(check_tree(tree))) for tree in trees(forest)]
    return np.asarray(seen - 1 - np.concatenate(held))


def chance_of_entry(sample_size: int, time_decay: int) -> float:
    """Solve for the steady chance that a record enters a tree.

    A record of age a is kept while its exponential draw lies below rate * exp(-a / decay); summed over all ages that
    must be the sample size: decay * Ein(rate) = size, with Ein(x) = sum of (-1)^(j+1) x^j / (j j!).
    """

    def ein(x: float) -> float:
        return math.fsum((-1) ** (j + 1) * x**j / j / math.factorial(j) for j in range(1, 40))

    low, high = 0.0, 5.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if ein(middle) < sample_size / time_decay else (low, middle)
    return 1 - math.exp(-low)


@pytest.mark.parametrize(("sample_size", "time_decay"), [(256, 4_320), (64, 300), (200, 250)])
def test_records_enter_as_often_as_the_theory_says(sample_size: int, time_decay: int) -> None:
    settled, measured = 12 * time_decay, 4_000
    forest = RandomCutForest(1, trees=60, sub_sample_size=sample_size, time_decay=time_decay, seed=2)
    forest.update(np.arange(float(settled)))
    entries = 0
    for record in range(settled, settled + measured):
        entries += int((next_records(forest) == record).sum())
        forest.update([float(record)])
    expected = chance_of_entry(sample_size, time_decay)
    spread = math.sqrt(expected * (1 - expected) / measured / 60)
    assert entries / measured / 60 == pytest.approx(expected, abs=5 * spread)


@pytest.mark.parametrize(("sample_size", "time_decay"), [(256, 4_320), (64, 300)])
def test_ages_are_distributed_as_the_theory_says(sample_size: int, time_decay: int) -> None:
    """A record of age a is in a tree with probability 1 - exp(-rate exp(-a / decay))."""
    seen = 14 * time_decay
    forest = RandomCutForest(1, trees=200, sub_sample_size=sample_size, time_decay=time_decay, seed=3)
    forest.update(np.arange(float(seen)))
    found = ages(forest, seen)
    rate = -math.log1p(-chance_of_entry(sample_size, time_decay))
    kept = -np.expm1(-rate * np.exp(-np.arange(12 * time_decay) / time_decay))
    for quantile in (0.1, 0.25, 0.5, 0.75, 0.9, 0.99):
        expected = int(np.searchsorted(kept.cumsum(), quantile * kept.sum()))
        assert (found <= expected).mean() == pytest.approx(quantile, abs=5 * math.sqrt(0.25 / 200 / sample_size))


def test_without_decay_to_speak_of_the_sample_is_uniform() -> None:
    seen = 20_000
    forest = RandomCutForest(1, trees=200, sub_sample_size=100, time_decay=2**31 - 1, seed=4)
    forest.update(np.arange(float(seen)))
    found = ages(forest, seen) / seen
    for quantile in (0.05, 0.25, 0.5, 0.75, 0.95):
        assert (found < quantile).mean() == pytest.approx(quantile, abs=5 * math.sqrt(0.25 / 200 / 100))


def test_keys_keep_their_meaning_over_very_many_units_of_decay() -> None:
    """The keys' epoch moves along: after 90,000 records at decay 11 they would have left their range long ago."""
    forest = RandomCutForest(1, trees=40, sub_sample_size=10, time_decay=11, seed=5)
    for seen in range(0, 90_000, 400):
        forest.update(np.arange(seen, seen + 400.0))
        waiting = next_records(forest) - (seen + 400)
        assert waiting.max() < 11 * 10, "also where the epoch has just moved, records keep coming in"
    found = ages(forest, 90_000)
    assert found.max() < 11 * 20
    saved = forest.to_bytes()
    assert RandomCutForest.from_bytes(saved).to_bytes() == saved
    rate = -math.log1p(-chance_of_entry(10, 11))
    kept = -np.expm1(-rate * np.exp(-np.arange(200) / 11))
    assert found.mean() == pytest.approx((kept * np.arange(200)).sum() / kept.sum(), rel=0.15)
