"""Forecast requests and answers, in the forms of AWS's documentation."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from cutwatch.containers import RequestError
from cutwatch.deepar.requests import Configuration, parse_request, write_prediction

DOCUMENTED = {
    "instances": [
        {"start": "2009-11-01 00:00:00", "target": [4.0, 10.0, "NaN", 100.0, 113.0]},
        {"start": "2012-01-30", "target": [1.0]},
        {"start": "1999-01-30", "target": [2.0, 1.0]},
    ],
    "configuration": {
        "num_samples": 50,
        "output_types": ["mean", "quantiles", "samples"],
        "quantiles": ["0.5", "0.9"],
    },
}


def encoded(**change: Any) -> bytes:
    return json.dumps({**DOCUMENTED, **change}).encode()


def test_the_documented_request() -> None:
    request = parse_request(encoded())
    assert [len(series) for series in request.instances] == [5, 1, 2]
    assert request.configuration == Configuration(50, ("mean", "quantiles", "samples"), ("0.5", "0.9"))


def test_the_configuration_is_optional() -> None:
    request = parse_request(json.dumps({"instances": DOCUMENTED["instances"]}).encode())
    assert request.configuration == Configuration()
    assert request.configuration.num_samples == 100


def test_the_documented_answer() -> None:
    paths = np.arange(200, dtype=np.float32).reshape(100, 2)  # path n: [2n, 2n + 1]
    prediction = write_prediction(paths, Configuration(100, ("mean", "quantiles", "samples"), ("0.01", "0.5")))
    assert list(prediction) == ["quantiles", "samples", "mean"]
    assert prediction["quantiles"] == {"0.01": [1.98, 2.98], "0.5": [99.0, 100.0]}
    assert prediction["mean"] == [99.0, 100.0]
    assert len(prediction["samples"]) == 100
    assert prediction["samples"][1] == [2.0, 3.0]


@pytest.mark.parametrize("kind", ["mean", "quantiles", "samples"])
def test_only_what_was_asked_for(kind: str) -> None:
    assert list(write_prediction(np.zeros((10, 3), np.float32), Configuration(10, (kind,)))) == [kind]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"no json", "the request is not JSON"),
        (b"[]", 'the request must be an object with "instances"'),
        (encoded(instances=[]), 'the request must be an object with "instances"'),
        (encoded(instances=[{"target": [1]}]), "instance 0: a series is an object with start and target"),
        (encoded(instances=[{"start": "2009-11-01", "target": [1], "cat": [1]}]), "categories"),
        (encoded(configuration=[]), "configuration must be an object"),
        (encoded(configuration={"num_samples": 0}), "configuration.num_samples is 0; it must be from 1 to 10000"),
        (encoded(configuration={"num_samples": "50"}), "configuration.num_samples is '50'"),
        (
            encoded(configuration={"output_types": ["median"]}),
            "output_types holds 'median'; allowed are mean, quantiles",
        ),
        (encoded(configuration={"output_types": "mean"}), "configuration.output_types must be a list"),
        (encoded(configuration={"quantiles": ["1.5"]}), "quantiles holds '1.5'; each must be between 0 and 1"),
        (encoded(configuration={"quantiles": ["half"]}), "quantiles holds 'half'"),
    ],
)
def test_refused(body: bytes, said: str) -> None:
    with pytest.raises(RequestError) as refused:
        parse_request(body)
    assert refused.value.status == 400
    assert said in str(refused.value)
