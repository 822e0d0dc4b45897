"""RandomCutForest as a container's program: trains from a job's folder, answers requests with a loaded model."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from cutwatch.containers import Answerer, Request, Response, TrainingFolder
from cutwatch.errors import DataError
from cutwatch.forest import RandomCutForest
from cutwatch.forest.parameters import LIMITS
from cutwatch.randomcutforest.data import LabelledRows, Rows, read_test, read_train
from cutwatch.randomcutforest.hyperparameters import Hyperparameters, parse_hyperparameters
from cutwatch.randomcutforest.requests import parse_rows, write_scores

logger = logging.getLogger("cutwatch.randomcutforest")

FILE_NAME = "model.forest"
THRESHOLD_DEVIATIONS = 3
"""A row of the test channel counts as an anomaly above the training scores' mean and so many standard deviations."""


class RandomCutForestProgram:
    """The program."""

    def train(self, folder: TrainingFolder) -> None:
        """Train on channel `train`, tell how well it does on channel `test` where there is one, and save."""
        hyperparameters = parse_hyperparameters(folder.hyperparameters())
        channels = folder.channels()
        if "train" not in channels:
            raise DataError(f"channel train is missing; the job has {', '.join(sorted(channels)) or 'none'}")
        if unknown := sorted(set(channels) - {"train", "test"}):
            raise DataError(f"channel {unknown[0]} is unknown; allowed are train and test")
        rows = read_train(channels["train"], hyperparameters.feature_dim)
        test = read_test(channels["test"], hyperparameters.feature_dim) if "test" in channels else None
        forest = grow(hyperparameters, rows)
        logger.info("trained %d trees on %d rows", hyperparameters.num_trees, len(rows))
        if test is not None:
            _evaluate(hyperparameters, forest, rows, test)
        (folder.model / FILE_NAME).write_bytes(forest.to_bytes())

    def load(self, model: Path) -> Answerer:
        """Load a model."""
        try:
            forest = RandomCutForest.from_bytes((model / FILE_NAME).read_bytes())
        except (OSError, DataError) as error:
            raise DataError(f"the model data hold no forest in {FILE_NAME}: {error}") from error

        def answer(request: Request) -> Response:
            return write_scores(forest.score(parse_rows(request, forest.parameters.columns)), request.accept)

        return answer


def grow(hyperparameters: Hyperparameters, rows: Rows, *, seed: int = 0) -> RandomCutForest:
    """Grow a forest whose trees each hold a random sample of the rows, every row as likely as any other.

    Args:
        hyperparameters: trees, and how many rows each gets; all where there are fewer.
        rows: shape (n, feature_dim).
        seed: of the samples and the cuts.

    Raises:
        DataError: where there are too few rows for a forest.
    """
    least = LIMITS["sub_sample_size"][0]
    if len(rows) < least:
        raise DataError(f"channel train holds {len(rows)} rows; at least {least} are needed")
    forest = RandomCutForest(
        hyperparameters.feature_dim,
        trees=hyperparameters.num_trees,
        sub_sample_size=min(hyperparameters.num_samples_per_tree, len(rows)),
        time_decay=LIMITS["time_decay"][1],  # none to speak of: the reservoir is a plain sample
        seed=seed,
    )
    forest.update(rows)
    return forest


def _evaluate(hyperparameters: Hyperparameters, forest: RandomCutForest, rows: Rows, test: LabelledRows) -> None:
    usual = forest.score(rows)
    found = forest.score(test.rows) > usual.mean() + THRESHOLD_DEVIATIONS * usual.std()
    right = int((found & test.labels).sum())
    precision = right / max(int(found.sum()), 1)
    recall = right / max(int(test.labels.sum()), 1)
    if "accuracy" in hyperparameters.eval_metrics:
        logger.info("#test_score (algo-1, accuracy): %.6f", np.mean(found == test.labels))
    if "precision_recall_fscore" in hyperparameters.eval_metrics:
        f1 = 2 * precision * recall / (precision + recall) if right else 0.0
        logger.info("#test_score (algo-1, precision): %.6f", precision)
        logger.info("#test_score (algo-1, recall): %.6f", recall)
        logger.info("#test_score (algo-1, f1): %.6f", f1)
