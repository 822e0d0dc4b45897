"""ANOMALY_EXPLANATION: the explanation's JSON as the Kinesis Analytics function wrote it, byte for byte.

STRENGTH's formula was never published. AWS calls it a non-negative number that says how strong the direction is, and
its example shows strengths above the column's attribution, so the difference of the two sides alone it is not. Ours is
that difference times the record's score: it fits all published rows, is 0 exactly when no side prevails, and grows with
the anomaly. See docs/forest.md.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache


def format_explanation(
    names: Sequence[str],
    high_row: Sequence[float],
    low_row: Sequence[float],
    *,
    learning: bool,
    with_directionality: bool = True,
) -> str:
    """Format one record's explanation.

    Args:
        names: the numeric columns, in the order of the input.
        high_row: shape (columns,): `Scores.high` of the record.
        low_row: shape (columns,): `Scores.low` of the record.
        learning: whether the record belongs to the first sub_sample_size, which are not explained: every column is LOW
            with strength and attribution 0.
        with_directionality: whether to say direction and strength besides the attribution.

    Returns:
        A JSON object without spaces; numbers are strings with four decimals.

    Source:
        https://docs.aws.amazon.com/kinesisanalytics/latest/sqlref/sqlrf-random-cut-forest-with-explanation.html

    Example:
        >>> format_explanation(["CLICKS"], [0.25], [1.0], learning=False)
        '{"CLICKS":{"DIRECTION":"LOW","STRENGTH":"0.9375","ATTRIBUTION_SCORE":"1.2500"}}'
    """
    score = 0.0 if learning else sum(high_row) + sum(low_row)
    columns = []
    for name, high, low in zip(names, high_row, low_row, strict=True):
        above, below = (0.0, 0.0) if learning else (high, low)
        direction = ""
        if with_directionality:
            side = "HIGH" if above > below else "LOW"
            direction = f'"DIRECTION":"{side}","STRENGTH":"{abs(above - below) * score:.4f}",'
        columns.append(f'{_quoted(name)}:{{{direction}"ATTRIBUTION_SCORE":"{above + below:.4f}"}}')
    return "{" + ",".join(columns) + "}"


@lru_cache(maxsize=1024)
def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)
