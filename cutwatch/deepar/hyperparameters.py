"""The hyperparameters, with SageMaker's names, defaults and ranges.

Source: "DeepAR Hyperparameters" in the Amazon SageMaker AI developer guide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from cutwatch.errors import DataError

UNIT_MINUTES = {"min": 1, "H": 60, "D": 1440, "W": 10_080, "M": 43_830}
"""Minutes of each frequency's unit; a month is a mean one, as only its phase is used."""

LIKELIHOODS = ("beta", "deterministic-L1", "gaussian", "negative-binomial", "student-T")


@dataclass(frozen=True)
class Hyperparameters:
    """How a model is made.

    An epoch is one pass over the data, as the manual says. (The service draws at least ten mini-batches an epoch,
    however small the data are; with one short series that overfits, and the band gets too narrow.)

    Attributes:
        time_freq: step of the series: a count and `min`, `H`, `D`, `W` or `M`.
        context_length: steps that the network sees before it forecasts.
        prediction_length: steps of a forecast.
        epochs: most passes over the data.
        early_stopping_patience: epochs without a lower loss after which training ends; None goes on.
        num_eval_samples: paths drawn where there is a test channel.
        test_quantiles: for which quantiles the loss on the test channel is told.
    """

    time_freq: str
    context_length: int
    prediction_length: int
    epochs: int
    num_cells: int = 40
    num_layers: int = 2
    mini_batch_size: int = 128
    learning_rate: float = 1e-3
    likelihood: str = "student-T"
    dropout_rate: float = 0.1
    early_stopping_patience: int | None = None
    num_eval_samples: int = 100
    test_quantiles: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

    @property
    def window(self) -> int:
        """Steps of a training example: context and prediction range."""
        return self.context_length + self.prediction_length

    @property
    def step_minutes(self) -> int:
        """Minutes from one value to the next."""
        match = _FREQUENCY.fullmatch(self.time_freq)
        assert match is not None, "parse_hyperparameters has checked it"
        return int(match[1] or 1) * UNIT_MINUTES[match[2]]


_FREQUENCY = re.compile(r"([1-9]\d*)?(min|H|D|W|M)")


def parse_hyperparameters(raw: Mapping[str, str]) -> Hyperparameters:
    """Read CreateTrainingJob's strings, such as `{"epochs": "400", "learning_rate": "5E-4", ...}`.

    Raises:
        DataError: a required one is missing, or one is unknown, no number or out of its range.
    """
    if missing := [name for name in REQUIRED if name not in raw]:
        raise DataError(f"hyperparameter {missing[0]} is required and missing; required are {', '.join(REQUIRED)}")
    known = {field.name for field in fields(Hyperparameters)} | set(_WITHOUT_USE)
    if unknown := sorted(set(raw) - known):
        raise DataError(f"hyperparameter {unknown[0]} is unknown; known are {', '.join(sorted(known))}")
    for name, allowed in _WITHOUT_USE.items():
        if name in raw and not re.fullmatch(allowed, raw[name].strip()):
            raise DataError(f"hyperparameter {name} is {raw[name]!r}; here it may be {_READABLE[name]}")
    parsed = {name: _READERS[name](name, text) for name, text in raw.items() if name in _READERS and text != ""}
    return Hyperparameters(**parsed)


def _whole(least: int) -> Callable[[str, str], int]:
    def read(name: str, text: str) -> int:
        if re.fullmatch(r"\d{1,9}", text.strip()) and int(text) >= least:
            return int(text)
        raise DataError(f"hyperparameter {name} is {text!r}; it must be a whole number of at least {least}")

    return read


def _number(within: Callable[[float], bool], allowed: str) -> Callable[[str, str], float]:
    def read(name: str, text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if within(value):
            return value
        raise DataError(f"hyperparameter {name} is {text!r}; it must be a number {allowed}")

    return read


def _frequency(name: str, text: str) -> str:
    if _FREQUENCY.fullmatch(text):
        return text
    raise DataError(f"hyperparameter {name} is {text!r}; it must be a count and one of "
                    f"{', '.join(UNIT_MINUTES)}, such as 10min")  # fmt: skip


def _likelihood(name: str, text: str) -> str:
    if text in LIKELIHOODS:
        return text
    raise DataError(f"hyperparameter {name} is {text!r}; it must be one of {', '.join(LIKELIHOODS)}")


def _quantiles(name: str, text: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.strip("[] ").split(","))
    except ValueError:
        values = ()
    if values and all(0 < value < 1 for value in values):
        return values
    raise DataError(f"hyperparameter {name} is {text!r}; it must be a list of numbers between 0 and 1")


REQUIRED = ("time_freq", "context_length", "prediction_length", "epochs")

_READERS: dict[str, Callable[[str, str], Any]] = {
    "time_freq": _frequency,
    "context_length": _whole(1),
    "prediction_length": _whole(1),
    "epochs": _whole(1),
    "num_cells": _whole(1),
    "num_layers": _whole(1),
    "mini_batch_size": _whole(1),
    "learning_rate": _number(lambda value: 0 < value < float("inf"), "above 0"),
    "likelihood": _likelihood,
    "dropout_rate": _number(lambda value: 0 <= value < 1, "from 0 to below 1"),
    "early_stopping_patience": _whole(1),
    "num_eval_samples": _whole(1),
    "test_quantiles": _quantiles,
}

# Features that this stand-in does not have: the values that leave them off pass.
_WITHOUT_USE = {"cardinality": "auto|ignore|", "num_dynamic_feat": "auto|ignore|0|", "embedding_dimension": r"\d+"}
_READABLE = {
    "cardinality": "auto, ignore or empty: categories are not supported",
    "num_dynamic_feat": "auto, ignore, 0 or empty: dynamic features are not supported",
    "embedding_dimension": "a whole number",
}
