"""A NamedTuple inside a dataclass comes back as itself, not as a list."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cutwatch.detection import codec
from cutwatch.detection.records import ExpectedRange
from cutwatch.errors import DataError


@dataclass(frozen=True)
class Holder:
    """Holds a range."""

    expected: ExpectedRange | None


def test_a_named_tuple_comes_back_whole() -> None:
    held = Holder(ExpectedRange(1.0, 2.0, 3.0))
    assert codec.from_plain(codec.to_plain(held), Holder, what="holder", error=DataError) == held
    again = codec.from_plain({"expected": [1, 2, 3]}, Holder, what="holder", error=DataError)
    assert isinstance(again.expected, ExpectedRange)


def test_a_wrong_length_is_refused() -> None:
    with pytest.raises(DataError, match="a list of 3"):
        codec.from_plain({"expected": [1, 2]}, Holder, what="holder", error=DataError)
