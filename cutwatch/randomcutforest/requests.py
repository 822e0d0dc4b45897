"""Requests for scores and their answers, in the forms that AWS documents.

Source: "Common data formats for inference" and "RCF Response Formats" in the Amazon SageMaker AI developer guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutwatch.containers import Request, RequestError, Response, parse_media_type
from cutwatch.containers.media import acceptable
from cutwatch.errors import DataError
from cutwatch.randomcutforest.data import CSV, Rows, parse_csv

JSON = "application/json"
JSON_LINES = "application/jsonlines"

ANSWERS = (JSON, JSON_LINES)


def parse_rows(request: Request, columns: int) -> Rows:
    """Read the rows to score, shape (n, columns).

    Raises:
        RequestError: where the request is of another form.
    """
    kind = parse_media_type(request.content_type).name
    if kind not in (CSV, JSON, JSON_LINES):
        raise RequestError(415, f"content type {request.content_type!r} is not supported; send {CSV}, {JSON} or "
                                f"{JSON_LINES}")  # fmt: skip
    try:
        text = request.body.decode("utf-8-sig")
        if kind == CSV:
            return _some(parse_csv(text, columns, "the request"))
        instances = _instances(text) if kind == JSON else [json.loads(line) for line in text.splitlines() if line]
        return _some(np.array([_features(one, columns) for one in instances], np.float64).reshape(-1, columns))
    except (UnicodeDecodeError, ValueError, DataError) as error:
        raise RequestError(400, f"unable to evaluate payload provided: {error}") from error


def write_scores(scores: NDArray[np.float64], accept: str) -> Response:
    """Write an answer.

    Raises:
        RequestError: where the caller accepts neither JSON nor JSON Lines.
    """
    form = acceptable(accept, ANSWERS)
    if form is None:
        raise RequestError(406, f"accept {accept!r} is not supported; there are {' and '.join(ANSWERS)}")
    items = [{"score": float(score)} for score in scores]
    if form == JSON_LINES:
        return Response("".join(json.dumps(item) + "\n" for item in items).encode(), form)
    return Response(json.dumps({"scores": items}).encode(), form)


def _some(rows: Rows) -> Rows:
    if not len(rows):
        raise DataError("there are no rows")
    return rows


def _instances(text: str) -> list[Any]:
    data = json.loads(text)
    instances = data.get("instances") if isinstance(data, Mapping) else None
    if not isinstance(instances, list):
        raise DataError('the request must be an object with "instances", a list')
    return instances


def _features(instance: Any, columns: int) -> list[float]:
    """One row: `{"features": [...]}`, or `{"data": {"features": {"values": [...]}}}`, dense or sparse."""
    features = instance.get("features") if isinstance(instance, Mapping) else None
    if features is None and isinstance(instance, Mapping) and isinstance(instance.get("data"), Mapping):
        features = instance["data"].get("features")
    if isinstance(features, Mapping):
        features = _sparse(features, columns) if features.get("keys") else features.get("values")
    if not isinstance(features, list):
        raise DataError('an instance must hold "features", a list of numbers')
    if len(features) != columns:
        raise DataError(f"an instance has {len(features)} features; there must be {columns}")
    if wrong := [one for one in features if not isinstance(one, int | float) or not np.isfinite(one)]:
        raise DataError(f"{wrong[0]!r} is no finite number")
    return features


def _sparse(features: Mapping[str, Any], columns: int) -> list[float]:
    row = [0.0] * columns
    for key, value in zip(features["keys"], features.get("values", ()), strict=True):
        if not isinstance(key, int) or not 0 <= key < columns:
            raise DataError(f"key {key!r} is no column; there are 0 to {columns - 1}")
        row[key] = value
    return row
