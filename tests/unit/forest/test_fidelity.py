"""A slice of bench/fidelity.py: on published series the real service looks like another seed of ours."""

from __future__ import annotations

import numpy as np
import pytest

from bench.forest_oracles import LEARNING, Series, compare, oracle_folder, own_scores, ranks, read_series

SLICE = {  # a series, its first rows, and how far above 1 the ratio may be with four seeds: fixed, so always the same
    "realKnownCause__nyc_taxi": (3_000, 1.05),
    "realAWSCloudwatch__ec2_network_in_5abac7": (3_000, 1.05),
    "realTweets__Twitter_volume_AAPL": (4_000, 1.10),
    "realAdExchange__exchange-2_cpc_results": (1_600, 1.05),
    "realKnownCause__rogue_agent_key_updown": (3_000, 1.15),
}


def series(name: str) -> Series:
    path = oracle_folder() / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"the reference series {path} is not here")
    return read_series(path)


@pytest.mark.parametrize("name", SLICE)
def test_the_service_looks_like_another_seed(name: str) -> None:
    rows, most = SLICE[name]
    found = compare(series(name).first(rows), seeds=4)
    assert found.rows >= rows - LEARNING - 20
    assert found.ratio < most
    assert found.spearman > 0.9
    assert abs(found.bias) < 0.02


@pytest.mark.parametrize("name", SLICE)
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
    assert compare(Series("shuffled", shuffled, original.service), seeds=4).ratio > 3


def test_ranks_share_ties() -> None:
    assert ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]
