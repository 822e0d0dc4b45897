"""A request for forecasts and its answer, in the forms that AWS documents.

Source: "DeepAR Inference Formats" in the Amazon SageMaker AI developer guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutwatch.containers import RequestError
from cutwatch.deepar.series import Series, parse_series
from cutwatch.errors import DataError

OUTPUT_TYPES = ("mean", "quantiles", "samples")
MOST_SAMPLES = 10_000

_DECIMALS = 6


@dataclass(frozen=True)
class Configuration:
    """What a request asks for.

    Attributes:
        num_samples: paths behind each forecast.
        output_types: some of `OUTPUT_TYPES`.
        quantiles: as the request spells them: they are keys of the answer.
    """

    num_samples: int = 100
    output_types: tuple[str, ...] = OUTPUT_TYPES
    quantiles: tuple[str, ...] = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9")


@dataclass(frozen=True)
class ForecastRequest:
    """The series to forecast and what to say about them."""

    instances: tuple[Series, ...]
    configuration: Configuration


def parse_request(body: bytes) -> ForecastRequest:
    """Read `{"instances": [{"start": ..., "target": [...]}], "configuration": {...}}`.

    Raises:
        RequestError: where it is of another form.
    """
    try:
        data = json.loads(body)
    except ValueError as error:
        raise RequestError(400, f"the request is not JSON: {error}") from error
    if not isinstance(data, Mapping) or not isinstance(data.get("instances"), list) or not data["instances"]:
        raise RequestError(400, 'the request must be an object with "instances", a list of at least one time series')
    try:
        instances = tuple(parse_series(one, f"instance {n}") for n, one in enumerate(data["instances"]))
    except DataError as error:
        raise RequestError(400, str(error)) from error
    return ForecastRequest(instances, _configuration(data.get("configuration", {})))


def write_prediction(paths: NDArray[np.float32], configuration: Configuration) -> dict[str, Any]:
    """Write one forecast.

    Args:
        paths: shape (num_samples, prediction_length).
        configuration: what was asked for.
    """
    prediction: dict[str, Any] = {}
    if "quantiles" in configuration.output_types:
        levels = np.quantile(paths, [float(text) for text in configuration.quantiles], axis=0)
        prediction["quantiles"] = dict(zip(configuration.quantiles, _plain(levels), strict=True))
    if "samples" in configuration.output_types:
        prediction["samples"] = _plain(paths)
    if "mean" in configuration.output_types:
        prediction["mean"] = _plain(paths.mean(axis=0))
    return prediction


def _plain(array: NDArray[Any]) -> list[Any]:
    plain: list[Any] = array.astype(np.float64).round(_DECIMALS).tolist()
    return plain


def _configuration(data: Any) -> Configuration:
    if not isinstance(data, Mapping):
        raise RequestError(400, "configuration must be an object")
    default = Configuration()
    samples = data.get("num_samples", default.num_samples)
    if type(samples) is not int or not 1 <= samples <= MOST_SAMPLES:
        raise RequestError(400, f"configuration.num_samples is {samples!r}; it must be from 1 to {MOST_SAMPLES}")
    types = _texts(data.get("output_types", list(default.output_types)), "output_types")
    if unknown := [one for one in types if one not in OUTPUT_TYPES]:
        raise RequestError(
            400, f"configuration.output_types holds {unknown[0]!r}; allowed are {', '.join(OUTPUT_TYPES)}"
        )
    quantiles = _texts(data.get("quantiles", list(default.quantiles)), "quantiles")
    if wrong := [one for one in quantiles if not _is_quantile(one)]:
        raise RequestError(400, f"configuration.quantiles holds {wrong[0]!r}; each must be between 0 and 1")
    return Configuration(samples, types, quantiles)


def _texts(values: Any, name: str) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise RequestError(400, f"configuration.{name} must be a list")
    return tuple(str(value) for value in values)


def _is_quantile(text: str) -> bool:
    try:
        return 0 < float(text) < 1
    except ValueError:
        return False
