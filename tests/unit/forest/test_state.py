"""Saved forests: bit-exact continuation, size, and refusal of everything else."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cutwatch.errors import DataError
from cutwatch.forest import RandomCutForest
from cutwatch.forest import state as envelope
from tests.unit.forest.blocks import check_tree, trees

Rows = NDArray[np.float64]
STREAM = 400


def stream(kind: str, columns: int, seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    match kind:
        case "doubles":
            rows = rng.normal(size=(STREAM, columns)) * 10.0 ** rng.integers(-200, 200)
        case "counts":
            rows = rng.poisson(4, (STREAM, columns)).astype(float)
        case "decimals":
            rows = np.round(rng.normal(size=(STREAM, columns)) * 50, 2)
        case "mixed":
            rows = np.where(rng.random((STREAM, columns)) < 0.7, rng.integers(0, 5, (STREAM, columns)), 0.1 + 0.2)
        case _:
            rows = np.full((STREAM, columns), -3.0)
    return rows + 0.0


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["doubles", "counts", "decimals", "mixed", "constant"]),
    columns=st.sampled_from([1, 2, 4, 5, 17]),
    shingle_size=st.sampled_from([1, 1, 3]),
    time_decay=st.sampled_from([25, 300, 2**31 - 1]),
    at=st.integers(0, STREAM),
    seed=st.integers(0, 2**64 - 1),
)
def test_saving_anywhere_changes_no_later_bit(
    kind: str, columns: int, shingle_size: int, time_decay: int, at: int, seed: int
) -> None:
    rows = stream(kind, columns, seed % 1_000)
    forest = RandomCutForest(
        columns, trees=4, sub_sample_size=24, time_decay=time_decay, shingle_size=shingle_size, seed=seed
    )
    forest.update(rows[:at])
    saved = forest.to_bytes()
    restored = RandomCutForest.from_bytes(saved)
    assert restored.parameters == forest.parameters
    assert restored.to_bytes() == saved
    expected, found = forest.learn_score(rows[at:]), restored.learn_score(rows[at:])
    for name in ("score", "high", "low"):
        assert getattr(found, name).tobytes() == getattr(expected, name).tobytes()
    assert restored.to_bytes() == forest.to_bytes()
    for tree in trees(restored):
        check_tree(tree)


def full_size(rows: Rows) -> RandomCutForest:
    forest = RandomCutForest(rows.shape[1], seed=3)
    forest.update(rows)
    return forest


@pytest.mark.parametrize(
    ("name", "columns"), [("doubles", 1), ("wide doubles", 1), ("counts", 4), ("integers", 4), ("decimals", 4)]
)
def test_a_forest_of_100_trees_takes_less_than_400_000_bytes(name: str, columns: int) -> None:
    """At the default time decay and after so many records that no two trees share much: the worst case."""
    rng = np.random.default_rng(1)
    shape = (150_000, columns)
    match name:
        case "doubles":
            rows = rng.normal(size=shape)
        case "wide doubles":
            rows = rng.normal(size=shape) * 10.0 ** rng.integers(-300, 300, shape)
        case "counts":
            rows = rng.poisson(300, shape).astype(float)
        case "integers":
            rows = rng.integers(-500_000, 500_000, shape).astype(float)
        case _:
            rows = np.round(rng.normal(size=shape) * 30, 2)
    forest = full_size(rows)
    saved = forest.to_bytes()
    assert len(saved) <= 400_000
    assert RandomCutForest.from_bytes(saved).to_bytes() == saved


def a_saved_forest() -> bytes:
    forest = RandomCutForest(2, trees=3, sub_sample_size=12, time_decay=60, shingle_size=2, seed=1)
    forest.update(stream("decimals", 2, 1))
    return forest.to_bytes()


def test_cut_short_anywhere_is_refused() -> None:
    saved = a_saved_forest()
    for length in range(len(saved)):
        with pytest.raises(DataError, match=r"cut short|not a saved forest"):
            RandomCutForest.from_bytes(saved[:length])


def test_any_changed_byte_is_refused() -> None:
    saved = a_saved_forest()
    for place in range(len(saved)):
        damaged = bytearray(saved)
        damaged[place] ^= 0x41
        with pytest.raises(DataError):
            RandomCutForest.from_bytes(bytes(damaged))


def test_each_refusal_says_what_is_wrong() -> None:
    saved = a_saved_forest()
    for damaged, reason in (
        (b"", "are not a saved forest"),
        (b"PK\3\4" + saved[4:], "are not a saved forest"),
        (saved[:4] + b"\2\0" + saved[6:], "saved in format 2, and this version of Cutwatch reads format 1"),
        (saved[:-1], "is cut short"),
        (saved + b"\0", "is followed by something else"),
        (saved[:-1] + bytes([saved[-1] ^ 1]), "is damaged: its checksum does not match"),
    ):
        with pytest.raises(DataError, match=reason):
            RandomCutForest.from_bytes(damaged)


def test_a_right_checksum_over_wrong_parameters_is_refused() -> None:
    saved = a_saved_forest()
    header, body = saved[: envelope.BODY_AT - 4], saved[envelope.BODY_AT :]
    for offset, value in ((6, 31), (8, 0), (8, 1_001), (10, 9), (12, 31)):
        wrong = bytearray(header)
        wrong[offset : offset + 2] = struct.pack("<H", value)
        resealed = bytes(wrong) + struct.pack("<I", zlib.crc32(body, zlib.crc32(bytes(wrong)))) + body
        with pytest.raises(DataError, match="is damaged"):
            RandomCutForest.from_bytes(resealed)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_right_checksum_over_a_wrong_body_does_no_harm(data: st.DataObject) -> None:
    """Not a promise to find it, only to stay within the block: whatever is accepted can be used."""
    saved = a_saved_forest()
    header, body = saved[: envelope.BODY_AT - 4], bytearray(saved[envelope.BODY_AT :])
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    blob = header + struct.pack("<I", zlib.crc32(bytes(body), zlib.crc32(header))) + bytes(body)
    try:
        forest = RandomCutForest.from_bytes(blob)
    except DataError as error:
        assert "do not fit together" in str(error)  # noqa: PT017
        return
    forest.learn_score(stream("counts", 2, 2)[:50])
    forest.to_bytes()


def test_a_fresh_forest_can_be_saved() -> None:
    fresh = RandomCutForest(3, trees=2, seed=4)
    assert RandomCutForest.from_bytes(fresh.to_bytes()).to_bytes() == fresh.to_bytes()


def test_the_format_is_what_it_was() -> None:
    """A blob saved by the first version of the format: whoever changes the format must raise its version."""
    forest = RandomCutForest(1, trees=1, sub_sample_size=10, time_decay=20, seed=0)
    forest.update([3.0, 1.5, 3.0, 2.25])
    assert forest.to_bytes().hex() == FORMAT_1
    assert RandomCutForest.from_bytes(bytes.fromhex(FORMAT_1)).learn_score([9.0]).score.tolist() == [0.0]


FORMAT_1 = (
    "435752460100010001000a00010000001400000000000000000000004500000000000000166c78e904000000000000000300"
    "000082b004000000000000dc17a95710430780010000000000000020000000000000001800a058030028010000c025f37ed0"
    "126e088a0003a4011c"
)
