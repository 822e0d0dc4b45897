"""The two endpoints, by AWS's request and response formats."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cutwatch.detection.records import ExpectedRange
from cutwatch.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

REQUEST_LIMIT_BYTES = 4_000_000  # a serverless endpoint takes 4 MB, a real-time one 6 MiB


@dataclass(frozen=True)
class Quantiles:
    """The quantiles that make a band; the median is always asked for."""

    low: float
    high: float

    def names(self) -> tuple[str, str, str]:
        """Return low, median, high as the endpoint spells them."""
        return (f"{self.low:g}", "0.5", f"{self.high:g}")


class RcfEndpoint:
    """SageMaker RandomCutForest: rows in, scores out.

    Args:
        client: SageMaker runtime client.
        name: Name of the endpoint.
    """

    def __init__(self, client: SageMakerRuntimeClient, name: str) -> None:
        self._client = client
        self._name = name

    def score(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """Score rows of features, as many a request as its size allows.

        Raises:
            OperatorError: The endpoint answered in another form than AWS documents.
        """
        scores: list[float] = []
        for body in _requests(rows):
            answer = self._client.invoke_endpoint(
                EndpointName=self._name, ContentType="text/csv", Accept="application/json", Body=body
            )
            scores += [float(part["score"]) for part in json.loads(answer["Body"].read())["scores"]]
        if len(scores) != len(rows):
            raise OperatorError(f"endpoint {self._name} gave {len(scores)} scores for {len(rows)} rows")
        return scores


class DeepArEndpoint:
    """SageMaker DeepAR: a history in, bands for the windows after it out.

    Args:
        client: SageMaker runtime client.
        name: Name of the endpoint.
        quantiles: Which band.
        num_samples: Paths drawn for one forecast.
    """

    def __init__(self, client: SageMakerRuntimeClient, name: str, *, quantiles: Quantiles, num_samples: int) -> None:
        self._client = client
        self._name = name
        self._quantiles = quantiles
        self._num_samples = num_samples

    def forecast(self, start: datetime, target: Sequence[float | None]) -> list[ExpectedRange]:
        """Forecast the windows after a history.

        Args:
            start: Start of the history's first window.
            target: Counts, one a window; None where a window is missing.
        """
        names = self._quantiles.names()
        request: dict[str, Any] = {
            "instances": [
                {"start": f"{start:%Y-%m-%d %H:%M:%S}", "target": ["NaN" if x is None else x for x in target]}
            ],
            "configuration": {
                "num_samples": self._num_samples,
                "output_types": ["quantiles"],
                "quantiles": list(names),
            },
        }
        answer = self._client.invoke_endpoint(
            EndpointName=self._name, ContentType="application/json", Body=json.dumps(request).encode()
        )
        (prediction,) = json.loads(answer["Body"].read())["predictions"]
        edges = zip(*(prediction["quantiles"][name] for name in names), strict=True)
        # Counts are never negative, and the paths' quantiles may cross by a hair.
        return [ExpectedRange(*sorted(max(0.0, float(edge)) for edge in triple)) for triple in edges]


def _requests(rows: Iterable[Sequence[float]]) -> Iterator[bytes]:
    lines: list[bytes] = []
    size = 0
    for row in rows:
        line = ",".join(f"{value:g}" if value == int(value) else repr(value) for value in row).encode()
        if lines and size + len(line) + 1 > REQUEST_LIMIT_BYTES:
            yield b"\n".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line) + 1
    if lines:
        yield b"\n".join(lines)
