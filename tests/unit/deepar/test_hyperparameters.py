"""DeepAR's hyperparameters come as strings, by SageMaker's names."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cutwatch.deepar.hyperparameters import Hyperparameters, parse_hyperparameters
from cutwatch.errors import DataError

REQUIRED = {"time_freq": "10min", "context_length": "144", "prediction_length": "144", "epochs": "400"}


def test_those_of_the_article() -> None:
    raw = REQUIRED | {
        "num_layers": "1",
        "early_stopping_patience": "40",
        "mini_batch_size": "32",
        "learning_rate": "5E-4",
        "likelihood": "negative-binomial",
    }
    assert parse_hyperparameters(raw) == Hyperparameters(
        "10min", 144, 144, 400, num_layers=1, mini_batch_size=32, learning_rate=5e-4,
        likelihood="negative-binomial", early_stopping_patience=40,
    )  # fmt: skip


def test_defaults_are_the_service_s() -> None:
    parsed = parse_hyperparameters(REQUIRED)
    assert (parsed.num_cells, parsed.num_layers, parsed.mini_batch_size) == (40, 2, 128)
    assert (parsed.learning_rate, parsed.likelihood, parsed.dropout_rate) == (1e-3, "student-T", 0.1)
    assert parsed.early_stopping_patience is None


@pytest.mark.parametrize(
    ("time_freq", "minutes"), [("10min", 10), ("min", 1), ("H", 60), ("2D", 2880), ("W", 10_080), ("M", 43_830)]
)
def test_step(time_freq: str, minutes: int) -> None:
    assert parse_hyperparameters(REQUIRED | {"time_freq": time_freq}).step_minutes == minutes


def test_switched_off_features_pass() -> None:
    off = {
        "cardinality": "auto",
        "num_dynamic_feat": "ignore",
        "embedding_dimension": "10",
        "test_quantiles": "[0.1, 0.9]",
    }
    assert parse_hyperparameters(REQUIRED | off).test_quantiles == (0.1, 0.9)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_required_one_is_missing(name: str) -> None:
    raw = {key: value for key, value in REQUIRED.items() if key != name}
    with pytest.raises(DataError, match=f"hyperparameter {name} is required and missing"):
        parse_hyperparameters(raw)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"learning": "5E-4"}, "learning is unknown; known are cardinality, context_length"),
        ({"time_freq": "10s"}, "time_freq is '10s'; it must be a count and one of min, H, D, W, M, such as 10min"),
        ({"time_freq": "0min"}, "time_freq is '0min'"),
        ({"epochs": "0"}, "epochs is '0'; it must be a whole number of at least 1"),
        ({"epochs": "1.5"}, "epochs is '1.5'; it must be a whole number of at least 1"),
        ({"context_length": "-3"}, "context_length is '-3'"),
        ({"learning_rate": "fast"}, "learning_rate is 'fast'; it must be a number above 0"),
        ({"dropout_rate": "1"}, "dropout_rate is '1'; it must be a number from 0 to below 1"),
        ({"likelihood": "poisson"}, "likelihood is 'poisson'; it must be one of beta, deterministic-L1"),
        ({"cardinality": "[2, 3]"}, "cardinality is '[2, 3]'; here it may be auto, ignore or empty"),
        ({"num_dynamic_feat": "2"}, "num_dynamic_feat is '2'; here it may be auto, ignore, 0 or empty"),
        ({"test_quantiles": "[0.5, 2]"}, "test_quantiles is '[0.5, 2]'; it must be a list of numbers between 0 and 1"),
    ],
)
def test_refused(change: Mapping[str, str], said: str) -> None:
    with pytest.raises(DataError) as refused:
        parse_hyperparameters({**REQUIRED, **change})
    assert said in str(refused.value)
