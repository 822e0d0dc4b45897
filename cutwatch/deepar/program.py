"""DeepAR as a container's program: trains from a job's folder, answers requests with a loaded model."""

from __future__ import annotations

import datetime as dt
import json
import logging
import time
from pathlib import Path

import numpy as np

from cutwatch.containers import Answerer, Request, RequestError, Response, TrainingFolder, parse_media_type
from cutwatch.containers.media import acceptable
from cutwatch.deepar.evaluation import evaluate
from cutwatch.deepar.hyperparameters import parse_hyperparameters
from cutwatch.deepar.model import Model
from cutwatch.deepar.requests import Configuration, parse_request, write_prediction
from cutwatch.deepar.series import Series, check_trainable, read_channel
from cutwatch.deepar.training import train
from cutwatch.errors import DataError

logger = logging.getLogger("cutwatch.deepar")

JSON = "application/json"
_REPORT_SECONDS = 2.0


class DeepAr:
    """The program."""

    def train(self, folder: TrainingFolder) -> None:
        """Train on channel `train`, tell how well it does on channel `test` where there is one, and save."""
        hyperparameters = parse_hyperparameters(folder.hyperparameters())
        channels = folder.channels()
        if "train" not in channels:
            raise DataError(f"channel train is missing; the job has {', '.join(sorted(channels)) or 'none'}")
        if unknown := sorted(set(channels) - {"train", "test"}):
            raise DataError(f"channel {unknown[0]} is unknown; allowed are train and test")
        data = read_channel(channels["train"])
        check_trainable(data, hyperparameters.likelihood)
        started = time.monotonic()
        progress = _Progress()
        model = train(hyperparameters, data, report=progress)
        logger.info("#quality_metric: host=algo-1, train final_loss <loss>=%.6f", progress.lowest)
        logger.info("trained %d epochs in %.1f s", progress.epochs, time.monotonic() - started)
        if "test" in channels:
            result = evaluate(model, read_channel(channels["test"]))
            logger.info("#test_score (algo-1, RMSE): %.6f", result.rmse)
            logger.info("#test_score (algo-1, mean_wQuantileLoss): %.6f", result.mean_quantile_loss)
            logger.info("test values inside the band from 1 %% to 99 %%: %.4f", result.coverage)
        model.save(folder.model)

    def load(self, model: Path) -> Answerer:
        """Load a model and draw once, so that the first request does not wait for the compiler."""
        loaded = Model.load(model)
        nothing = Series(dt.datetime(2001, 1, 1), np.zeros(0, np.float32))  # noqa: DTZ001 - series have no time zone
        loaded.sample(nothing, Configuration().num_samples)
        return lambda request: _answer(loaded, request)


class _Progress:
    """Logs epochs, not all of them: the quick ones would drown the log."""

    def __init__(self) -> None:
        self.epochs = 0
        self.lowest = float("inf")
        self._told = 0.0

    def __call__(self, epoch: int, loss: float) -> None:
        self.epochs = epoch + 1
        self.lowest = min(self.lowest, loss)
        if time.monotonic() - self._told > _REPORT_SECONDS:
            self._told = time.monotonic()
            logger.info("#quality_metric: host=algo-1, epoch=%d, train loss <loss>=%.6f", epoch, loss)


def _answer(model: Model, request: Request) -> Response:
    if parse_media_type(request.content_type or JSON).name != JSON:
        raise RequestError(415, f"content type {request.content_type} is not supported; send {JSON}")
    if acceptable(request.accept, [JSON]) is None:
        raise RequestError(406, f"accept {request.accept} is not supported; there is {JSON}")
    asked = parse_request(request.body)
    predictions = []
    for number, series in enumerate(asked.instances):
        paths = model.sample(series, asked.configuration.num_samples, seed=number)
        predictions.append(write_prediction(paths, asked.configuration))
    return Response(json.dumps({"predictions": predictions}).encode(), JSON)
