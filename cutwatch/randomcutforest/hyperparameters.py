"""The hyperparameters, with SageMaker's names and defaults.

Source: "RCF Hyperparameters" in the Amazon SageMaker AI developer guide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cutwatch.errors import DataError
from cutwatch.forest.parameters import LIMITS

EVAL_METRICS = ("accuracy", "precision_recall_fscore")

# name: the service's range, and what our forest has of it
_RANGES = {
    "feature_dim": ((1, 10_000), LIMITS["columns"]),
    "num_samples_per_tree": ((1, 2048), LIMITS["sub_sample_size"]),
    "num_trees": ((50, 1000), LIMITS["trees"]),
}


@dataclass(frozen=True)
class Hyperparameters:
    """How a forest is made.

    Attributes:
        feature_dim: columns of the data.
        num_samples_per_tree: rows that each tree gets, drawn at random from all.
        num_trees: trees of the forest.
        eval_metrics: what is told of a test channel.
    """

    feature_dim: int
    num_samples_per_tree: int = 256
    num_trees: int = 100
    eval_metrics: tuple[str, ...] = EVAL_METRICS


def parse_hyperparameters(raw: Mapping[str, str]) -> Hyperparameters:
    """Read CreateTrainingJob's strings, such as `{"feature_dim": "3", "num_trees": "100"}`.

    Raises:
        DataError: feature_dim is missing, or one is unknown, no whole number or out of its range.
    """
    if "feature_dim" not in raw:
        raise DataError("hyperparameter feature_dim is required and missing")
    known = (*_RANGES, "eval_metrics")
    if unknown := sorted(set(raw) - set(known)):
        raise DataError(f"hyperparameter {unknown[0]} is unknown; known are {', '.join(sorted(known))}")
    parsed: dict[str, Any] = {name: _whole(name, raw[name]) for name in _RANGES if name in raw}
    if "eval_metrics" in raw:
        parsed["eval_metrics"] = _metrics(raw["eval_metrics"])
    return Hyperparameters(**parsed)


def _whole(name: str, text: str) -> int:
    (least, most), (least_here, most_here) = _RANGES[name]
    if not re.fullmatch(r"\d{1,9}", text.strip()) or not least <= int(text) <= most:
        raise DataError(f"hyperparameter {name} is {text!r}; it must be a whole number from {least} to {most}")
    value = int(text)
    if not least_here <= value <= most_here:
        raise DataError(
            f"hyperparameter {name} is {value}; the local RandomCutForest takes {max(least, least_here)} to "
            f"{min(most, most_here)} of the service's {least} to {most}"
        )
    return value


def _metrics(text: str) -> tuple[str, ...]:
    try:
        found = json.loads(text)
    except ValueError:
        found = [part.strip() for part in text.split(",")]
    if isinstance(found, list) and found and all(one in EVAL_METRICS for one in found):
        return tuple(found)
    raise DataError(f"hyperparameter eval_metrics is {text!r}; it must be a list of {' or '.join(EVAL_METRICS)}")
