"""How well a model forecasts the end of known series: what the service tells of a test channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cutwatch.deepar.model import Model
from cutwatch.deepar.series import Series


@dataclass(frozen=True)
class Evaluation:
    """Errors over the last prediction_length values of every test series.

    Attributes:
        rmse: root of the mean squared error of the mean forecast.
        mean_quantile_loss: mean of the weighted quantile losses: 0 is perfect, about 1 is no better than zero.
        coverage: share of the values inside the forecast's 1 % to 99 % band.
    """

    rmse: float
    mean_quantile_loss: float
    coverage: float


def evaluate(model: Model, data: Sequence[Series], *, seed: int = 0) -> Evaluation:
    """Forecast the end of each series from what is before it, and compare.

    Source of the losses: "How the DeepAR Algorithm Works" and "Metrics Computed by the DeepAR Algorithm" in the
    Amazon SageMaker AI developer guide. Series that hold nothing before their last window are forecast all the same.
    """
    length = model.hyperparameters.prediction_length
    quantiles = np.array(model.hyperparameters.test_quantiles)
    squares, inside, values = [], [], []
    losses = np.zeros(len(quantiles))
    for number, series in enumerate(data):
        truth = series.target[-length:].astype(np.float64)
        history = Series(series.start, series.target[:-length])
        paths = model.sample(history, model.hyperparameters.num_eval_samples, seed + number)[:, : len(truth)]
        seen = np.isfinite(truth)
        truth, paths = truth[seen], paths[:, seen].astype(np.float64)
        levels = np.quantile(paths, quantiles, axis=0)
        over = levels - truth
        losses += 2 * np.where(over > 0, (1 - quantiles[:, None]) * over, -quantiles[:, None] * over).sum(axis=1)
        low, high = np.quantile(paths, (0.01, 0.99), axis=0)
        squares.append((paths.mean(axis=0) - truth) ** 2)
        inside.append((truth >= low) & (truth <= high))
        values.append(np.abs(truth))
    total = float(np.concatenate(values).sum())
    return Evaluation(
        rmse=float(np.sqrt(np.concatenate(squares).mean())),
        mean_quantile_loss=float((losses / total).mean()) if total else float("nan"),
        coverage=float(np.concatenate(inside).mean()),
    )
