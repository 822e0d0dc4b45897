"""A slice of bench/fidelity.py: on published series the real service looks like another seed of ours."""

from __future__ import annotations

import numpy as np
import pytest

from bench.forest_oracles import LEARNING, Series, compare, oracle_folder, own_scores, ranks, read_series

ROWS = {  # the first so many rows of a few series; with fixed seeds the figures are always the same
    "realKnownCause__nyc_taxi": 3_000,
    "realAWSCloudwatch__ec2_network_in_5abac7": 3_000,
    "realTweets__Twitter_volume_AAPL": 4_000,
    "realAdExchange__exchange-2_cpc_results": 1_600,
    "realKnownCause__rogue_agent_key_updown": 3_000,
}
SEEDS = 8


def series(name: str) -> Series:
    path = oracle_folder() / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"the reference series {path} is not here")
    return read_series(path)


def test_the_service_looks_like_another_seed() -> None:
    found = [compare(series(name).first(rows), SEEDS) for name, rows in ROWS.items()]
    for one, rows in zip(found, ROWS.values(), strict=True):
        assert one.rows >= min(rows, 1_622) - LEARNING - 20
        assert one.ratio < 1.25
        assert one.spearman > 0.9
        assert abs(one.bias) < 0.02
    assert float(np.median([one.ratio for one in found])) <= 1.05


@pytest.mark.parametrize("name", ROWS)
def test_both_score_zero_while_learning_and_only_then(name: str) -> None:
    first = series(name).first(400)
    known = ~np.isnan(first.service)
    assert not first.service[:LEARNING][known[:LEARNING]].any()
    assert (first.service[LEARNING:][known[LEARNING:]] > 0).all()
    own = own_scores(first, 1)[0]
    assert not own[:LEARNING].any()
    assert (own[LEARNING:] > 0).all()


def test_another_stream_is_told_apart() -> None:
    """The measure has teeth: scores of the same values in another order are no seed of ours."""
    original = series("realAdExchange__exchange-2_cpc_results")
    shuffled = np.random.default_rng(1).permutation(original.values)
    assert compare(Series("shuffled", shuffled, original.service), SEEDS).ratio > 3


def test_ranks_share_ties() -> None:
    assert ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]
