"""Records reach the stream, in batches that it takes, and again when it refuses some."""

from __future__ import annotations

from typing import Any

import pytest

from cutwatch.errors import OperatorError
from cutwatch.runtime.sink import BATCH_BYTES, BATCH_RECORDS, KinesisSink, OutputRecord, batches

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/scores"


class FlakyStream:
    """Takes records, but refuses the ones it is told to, as often as it is told to."""

    def __init__(self, refusals: dict[bytes, int]) -> None:
        self.refusals = refusals
        self.taken: list[bytes] = []
        self.calls: list[int] = []

    def put_records(self, *, StreamARN: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        assert StreamARN == ARN
        self.calls.append(len(Records))
        results: list[dict[str, str]] = []
        for record in Records:
            if self.refusals.get(record["Data"], 0):
                self.refusals[record["Data"]] -= 1
                results.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"})
            else:
                self.taken.append(record["Data"])
                results.append({"SequenceNumber": "1", "ShardId": "s"})
        return {"FailedRecordCount": sum("ErrorCode" in one for one in results), "Records": results}


def record(name: str) -> OutputRecord:
    return OutputRecord(name.encode(), "clickstream")


def sink(stream: FlakyStream, waits: list[float]) -> KinesisSink:
    return KinesisSink(stream, ARN, seed=1, sleep=waits.append)  # type: ignore[arg-type]


def test_refused_records_alone_are_sent_again() -> None:
    stream, waits = FlakyStream({b"b": 2, b"d": 1}), list[float]()
    sink(stream, waits).put([record(name) for name in "abcd"])
    assert stream.taken == [b"a", b"c", b"d", b"b"]
    assert stream.calls == [4, 2, 1]
    assert len(waits) == 2
    assert waits[0] < waits[1]


def test_a_stream_that_goes_on_refusing_is_an_error_that_says_why() -> None:
    with pytest.raises(OperatorError, match=r"refused 1 records 12 times: slow down"):
        sink(FlakyStream({b"a": 99}), []).put([record("a"), record("b")])


def test_nothing_to_write_is_no_call() -> None:
    stream = FlakyStream({})
    sink(stream, []).put([])
    assert stream.calls == []


def test_batches_keep_the_limits_of_put_records() -> None:
    cut = list(batches([record(str(at)) for at in range(BATCH_RECORDS + 1)]))
    assert [len(batch) for batch in cut] == [BATCH_RECORDS, 1]
    large = OutputRecord(b"x" * (BATCH_BYTES // 5), "k")
    assert [len(batch) for batch in batches([large] * 9)] == [4, 4, 1]
