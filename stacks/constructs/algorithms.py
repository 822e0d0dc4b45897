"""The two algorithms as SageMaker wants to be told of them: channel, hyperparameters, instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stacks.constructs.algorithm_images import Algorithm
from stacks.settings.alarms import Columns
from stacks.settings.models import ModelsSettings


@dataclass(frozen=True)
class AlgorithmSpec:
    """One algorithm of a stage.

    Attributes:
        name: `rcf` or `deepar`.
        content_type: Of the training channel; None where the file's ending tells.
        distribution: How the channel's files are spread over instances.
        hyperparameters: By SageMaker's names, all of them texts.
        training_instance: Instance type of the training job.
        endpoint_instance: Instance type of a real-time endpoint.
    """

    name: Algorithm
    content_type: str | None
    distribution: str
    hyperparameters: Mapping[str, str]
    training_instance: str
    endpoint_instance: str


def rcf_spec(models: ModelsSettings, columns: tuple[str, ...]) -> AlgorithmSpec:
    """Describe RandomCutForest; it takes CSV without a label, one shard an instance."""
    rcf = models.rcf
    return AlgorithmSpec(
        name="rcf",
        content_type="text/csv;label_size=0",
        distribution="ShardedByS3Key",
        hyperparameters={
            "feature_dim": str(len(columns)),
            "num_trees": str(rcf.num_trees),
            "num_samples_per_tree": str(rcf.num_samples_per_tree),
        },
        training_instance=rcf.training_instance,
        endpoint_instance=rcf.endpoint_instance,
    )


def deepar_spec(models: ModelsSettings, window_seconds: int) -> AlgorithmSpec:
    """Describe DeepAR; it takes JSON Lines, told by the file's ending."""
    deepar = models.deepar
    return AlgorithmSpec(
        name="deepar",
        content_type=None,
        distribution="FullyReplicated",
        hyperparameters={
            "time_freq": f"{window_seconds // 60}min",
            "context_length": str(deepar.context_length),
            "prediction_length": str(deepar.prediction_length),
            "epochs": str(deepar.epochs),
            "early_stopping_patience": str(deepar.early_stopping_patience),
            "mini_batch_size": str(deepar.mini_batch_size),
            "learning_rate": f"{deepar.learning_rate:g}",
            "num_layers": str(deepar.num_layers),
            "num_cells": str(deepar.num_cells),
            "likelihood": deepar.likelihood,
        },
        training_instance=deepar.training_instance,
        endpoint_instance=deepar.endpoint_instance,
    )


def rcf_columns(columns: Columns) -> tuple[str, ...]:
    """Return the features of RCF: the article's three, or the count alone where there is nothing distinct."""
    if columns.distinct is None:
        return (columns.count,)
    return (columns.distinct, columns.count, "RESIDUALS")


def name_prefix(stage: str) -> str:
    """Return the beginning of the names of all that the state machine makes."""
    return f"cutwatch-{stage}-models-"


def endpoint_name(stage: str, detector: str) -> str:
    """Return the name of a detector's endpoint."""
    return name_prefix(stage) + {"sagemaker_rcf": "rcf", "deepar": "deepar"}[detector]
