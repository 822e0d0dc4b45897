"""Kinesis mappings fail, retry, split and give up as AWS describes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutwatch.localcloud.retry_rules import Batch, GivenUp, Outcome, RetryRules, ShardCursor, ShardRecord

OK = Outcome("answered", {"batchItemFailures": []})
FAILED = Outcome("failed")


def records(count: int, *, start: int = 0, arrived: float = 0.0) -> list[ShardRecord]:
    return [ShardRecord(at, f"seq-{at:04d}", arrived, {"at": at}) for at in range(start, start + count)]


def names(batch: Batch) -> list[int]:
    return [record.position for record in batch.records]


def reported(*positions: int) -> Outcome:
    return Outcome("answered", {"batchItemFailures": [{"itemIdentifier": f"seq-{at:04d}"} for at in positions]})


def work_off(
    cursor: ShardCursor, invoke: Callable[[Sequence[int]], Outcome], *, now: float = 0.0, most: int = 1000
) -> tuple[list[list[int]], list[GivenUp], float]:
    """Run a cursor until its queue is empty, letting time pass only where a retry waits."""
    calls: list[list[int]] = []
    given_up: list[GivenUp] = []
    for _ in range(most):
        if cursor.wants_records:
            return calls, given_up, now
        if gone := cursor.expire(now):
            given_up.append(gone)
            continue
        batch = cursor.take(now)
        if batch is None:
            now += 0.5
            continue
        calls.append(names(batch))
        if gone := cursor.settle(batch, invoke(names(batch)), now):
            given_up.append(gone)
    raise AssertionError("never worked off")


def test_success_moves_the_position_past_the_batch() -> None:
    cursor = ShardCursor(RetryRules())
    cursor.refill(records(5), 5)
    batch = cursor.take(0.0)
    assert batch is not None
    assert cursor.position == 0
    cursor.settle(batch, OK, 0.0)
    assert (cursor.position, cursor.wants_records) == (5, True)


def test_a_batch_is_tried_once_and_then_as_often_as_retries_allow() -> None:
    cursor = ShardCursor(RetryRules(maximum_retry_attempts=3))
    cursor.refill(records(4), 4)
    calls, given_up, _ = work_off(cursor, lambda _: FAILED)
    assert calls == [[0, 1, 2, 3]] * 4
    assert [(names(gone.batch), gone.condition, gone.batch.invocations) for gone in given_up] == [
        ([0, 1, 2, 3], "RetryAttemptsExhausted", 4)
    ]
    assert cursor.position == 4


def test_no_retries_gives_up_at_once() -> None:
    cursor = ShardCursor(RetryRules(maximum_retry_attempts=0))
    cursor.refill(records(2), 2)
    calls, given_up, now = work_off(cursor, lambda _: FAILED)
    assert (calls, len(given_up), now) == ([[0, 1]], 1, 0.0)


def test_without_a_limit_a_batch_blocks_the_shard_until_it_succeeds() -> None:
    cursor = ShardCursor(RetryRules())
    cursor.refill(records(2), 2)
    answers = iter([FAILED] * 20 + [OK])
    calls, given_up, now = work_off(cursor, lambda _: next(answers))
    assert len(calls) == 21
    assert not given_up
    assert now > 20 * 0.5, "retries wait, longer and longer"


def test_bisecting_isolates_one_bad_record_and_costs_no_attempt() -> None:
    cursor = ShardCursor(RetryRules(maximum_retry_attempts=1, bisects=True))
    cursor.refill(records(8), 8)
    calls, given_up, _ = work_off(cursor, lambda at: FAILED if 5 in at else OK)
    assert calls == [list(range(8)), [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [5], [6, 7]]
    assert [names(gone.batch) for gone in given_up] == [[5]]
    assert given_up[0].batch.invocations == 5


def test_a_reported_failure_is_where_the_batch_goes_on() -> None:
    cursor = ShardCursor(RetryRules(maximum_retry_attempts=5, reports_item_failures=True))
    cursor.refill(records(6), 6)
    answers = iter([reported(4, 2), reported(3), OK])
    calls, given_up, _ = work_off(cursor, lambda _: next(answers))
    assert calls == [[0, 1, 2, 3, 4, 5], [2, 3, 4, 5], [3, 4, 5]]
    assert not given_up


def test_reported_failures_use_up_retries_and_take_the_rest_of_the_batch_along() -> None:
    cursor = ShardCursor(RetryRules(maximum_retry_attempts=2, reports_item_failures=True))
    cursor.refill(records(4), 4)
    calls, given_up, _ = work_off(cursor, lambda at: reported(1) if 1 in at else OK)
    assert calls == [[0, 1, 2, 3], [1, 2, 3], [1, 2, 3]]
    assert [(names(gone.batch), gone.function_failed) for gone in given_up] == [([1, 2, 3], False)]


def test_with_bisecting_a_reported_failure_loses_the_bad_record_alone() -> None:
    cursor = ShardCursor(RetryRules(maximum_retry_attempts=2, reports_item_failures=True, bisects=True))
    cursor.refill(records(4), 4)
    _, given_up, _ = work_off(cursor, lambda at: reported(1) if 1 in at else OK)
    assert [names(gone.batch) for gone in given_up] == [[1]]


@pytest.mark.parametrize(
    "body", [None, "", {}, {"batchItemFailures": []}, {"batchItemFailures": None}, "null", "not json", 7]
)
def test_answers_without_failures_are_successes(body: object) -> None:
    cursor = ShardCursor(RetryRules(reports_item_failures=True))
    cursor.refill(records(2), 2)
    calls, _, _ = work_off(cursor, lambda _: Outcome("answered", body))
    assert calls == [[0, 1]]


@pytest.mark.parametrize("item", [{"itemIdentifier": ""}, {"itemIdentifier": None}, {"wrong": "seq-0001"}, {}])
def test_a_failure_that_names_no_record_fails_the_whole_batch(item: dict[str, object]) -> None:
    cursor = ShardCursor(RetryRules(maximum_retry_attempts=1, reports_item_failures=True))
    cursor.refill(records(2), 2)
    calls, given_up, _ = work_off(cursor, lambda _: Outcome("answered", {"batchItemFailures": [item]}))
    assert calls == [[0, 1], [0, 1]]
    assert len(given_up) == 1


def test_an_answer_in_json_text_is_read_too() -> None:
    cursor = ShardCursor(RetryRules(reports_item_failures=True))
    cursor.refill(records(3), 3)
    answers = iter([Outcome("answered", '{"batchItemFailures": [{"itemIdentifier": "seq-0002"}]}'), OK])
    calls, _, _ = work_off(cursor, lambda _: next(answers))
    assert calls == [[0, 1, 2], [2]]


def test_reports_are_ignored_unless_the_mapping_asks_for_them() -> None:
    cursor = ShardCursor(RetryRules(maximum_retry_attempts=1))
    cursor.refill(records(2), 2)
    calls, _, _ = work_off(cursor, lambda _: reported(0))
    assert calls == [[0, 1]]


def test_throttling_costs_no_attempt() -> None:
    cursor = ShardCursor(RetryRules(maximum_retry_attempts=1))
    cursor.refill(records(1), 1)
    answers = iter([Outcome("throttled")] * 10 + [FAILED, OK])
    calls, given_up, _ = work_off(cursor, lambda _: next(answers))
    assert (len(calls), given_up) == (12, [])


def test_records_older_than_allowed_are_given_up_and_the_younger_go_on() -> None:
    cursor = ShardCursor(RetryRules(maximum_record_age_seconds=60))
    cursor.refill([*records(2, arrived=0.0), *records(2, start=2, arrived=100.0)], 4)
    calls, given_up, _ = work_off(cursor, lambda _: OK, now=120.0)
    assert calls == [[2, 3]]
    assert [(names(gone.batch), gone.condition, gone.function_failed) for gone in given_up] == [
        ([0, 1], "RecordAgeExceeded", False)
    ]


def test_age_ends_retries_that_would_never_end() -> None:
    cursor = ShardCursor(RetryRules(maximum_record_age_seconds=60))
    cursor.refill(records(1), 1)
    _, given_up, now = work_off(cursor, lambda _: FAILED)
    assert [(gone.condition, gone.function_failed) for gone in given_up] == [("RecordAgeExceeded", True)]
    assert 60 < now < 75


def test_the_batching_window_waits_for_a_full_batch() -> None:
    cursor = ShardCursor(RetryRules(batch_size=10, batching_window_seconds=5))
    assert cursor.gathers(3, now=100.0)
    assert cursor.gathers(4, now=104.9)
    assert not cursor.gathers(10, now=104.9)
    assert not cursor.gathers(4, now=105.0)


def test_records_left_out_by_a_filter_move_the_position() -> None:
    cursor = ShardCursor(RetryRules())
    cursor.refill([], 7)
    assert (cursor.position, cursor.wants_records) == (7, True)


def test_rules_come_from_a_mapping_as_the_api_gives_it() -> None:
    mapping = {
        "BatchSize": 500, "MaximumBatchingWindowInSeconds": 2, "MaximumRetryAttempts": 4,
        "MaximumRecordAgeInSeconds": 3600, "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }  # fmt: skip
    assert RetryRules.from_mapping(mapping) == RetryRules(500, 2, 4, 3600, bisects=True, reports_item_failures=True)
    assert RetryRules.from_mapping({}) == RetryRules()


@given(
    count=st.integers(1, 24),
    bad=st.sets(st.integers(0, 23)),
    retries=st.integers(0, 3),
    bisects=st.booleans(),
    reports=st.booleans(),
)
def test_order_is_kept_and_every_record_ends_once(
    count: int, bad: set[int], retries: int, bisects: bool, reports: bool
) -> None:
    cursor = ShardCursor(RetryRules(maximum_retry_attempts=retries, bisects=bisects, reports_item_failures=reports))
    cursor.refill(records(count), count)
    ended: list[int] = []

    def invoke(at: Sequence[int]) -> Outcome:
        first_bad = next((one for one in at if one in bad), None)
        assert at == sorted(at)
        assert not ended or min(at) == max(ended) + 1, "nothing is skipped and nothing finished comes again"
        ended.extend(one for one in at if first_bad is None or (reports and one < first_bad))
        if first_bad is None:
            return OK
        return reported(first_bad) if reports else FAILED

    while not cursor.wants_records:
        batch = cursor.take(1e9)
        assert batch is not None
        if gone := cursor.settle(batch, invoke(names(batch)), 0.0):
            ended.extend(names(gone.batch))
            assert not bisects or len(gone.batch.records) == 1
        assert cursor.position == (max(ended) + 1 if ended else 0)
    assert ended == list(range(count))
