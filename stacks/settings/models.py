"""Settings of the Models stack: SageMaker's two detectors, their training and their endpoints."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from stacks.settings.base import Group

InstanceType = Annotated[str, StringConstraints(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]


class RcfSettings(Group):
    """SageMaker RandomCutForest."""

    num_trees: int = Field(default=100, ge=50, le=1000)
    """Trees of the forest."""
    num_samples_per_tree: int = Field(default=512, ge=1, le=2048)
    """Rows that each tree sees; the article's 512 makes about one anomaly in 512 rows."""
    training_instance: InstanceType = "ml.m5.large"
    """Instance type of the training job."""
    endpoint_instance: InstanceType = "ml.m5.large"
    """Instance type of a real-time endpoint."""


class DeepArSettings(Group):
    """SageMaker DeepAR; defaults are the article's."""

    context_length: int = Field(default=144, ge=1, le=10_000)
    """Windows that a forecast looks back on."""
    prediction_length: int = Field(default=144, ge=1, le=500)
    """Windows that one forecast covers: a day of ten minutes each."""
    epochs: int = Field(default=400, ge=1, le=10_000)
    """Passes over the training data."""
    early_stopping_patience: int = Field(default=40, ge=1, le=10_000)
    """Epochs without progress after which training stops."""
    mini_batch_size: int = Field(default=32, ge=1, le=1024)
    """Series that one step looks at."""
    learning_rate: float = Field(default=5e-4, gt=0, le=1)
    """Step size."""
    num_layers: int = Field(default=1, ge=1, le=8)
    """Layers of the network."""
    num_cells: int = Field(default=40, ge=1, le=300)
    """Cells of each layer."""
    likelihood: Literal["negative-binomial", "gaussian", "student-T", "deterministic-L1"] = "negative-binomial"
    """Noise of the counts."""
    num_samples: int = Field(default=100, ge=10, le=1000)
    """Paths drawn for one forecast."""
    low_quantile: float = Field(default=0.01, gt=0, lt=0.5)
    """Below it a window is unusually low."""
    high_quantile: float = Field(default=0.99, gt=0.5, lt=1)
    """Above it a window is unusually high."""
    training_instance: InstanceType = "ml.c5.2xlarge"
    """Instance type of the training job."""
    endpoint_instance: InstanceType = "ml.m5.large"
    """Instance type of a real-time endpoint."""


class ModelsSettings(Group):
    """SageMaker's detectors. `-c models=off` leaves them out."""

    enabled: bool = True
    """Train, deploy and score at all; without them everything else works."""
    endpoint: Literal["real_time", "serverless", "off"] = "real_time"
    """How models are served; `off` trains them without an endpoint, so nothing is scored and nothing idles."""
    serverless_memory_mb: Literal["1024", "2048", "3072", "4096", "5120", "6144"] = "3072"
    """Memory of a serverless endpoint."""
    serverless_max_concurrency: int = Field(default=5, ge=1, le=200)
    """Most requests at once of a serverless endpoint."""
    minimum_windows: int = Field(default=1008, ge=300, le=100_000)
    """Ten-minute rows before the first training: a week; DeepAR takes no fewer than 300."""
    retrain_days: int = Field(default=7, ge=0, le=365)
    """Days between trainings; 0: only on demand."""
    training_timeout_minutes: int = Field(default=60, ge=5, le=1440)
    """Longest run of a training job."""
    endpoint_timeout_minutes: int = Field(default=30, ge=5, le=120)
    """Longest wait for an endpoint before the old one is left to serve and the operators are told."""
    calibration_sigma: float = Field(default=3.0, gt=0, le=20)
    """Without labels, the calibrated threshold is the training scores' mean plus so many deviations."""
    rcf: RcfSettings = RcfSettings()
    """SageMaker RandomCutForest."""
    deepar: DeepArSettings = DeepArSettings()
    """SageMaker DeepAR."""

    @model_validator(mode="after")
    def _fit(self) -> Self:
        needed = self.deepar.context_length + self.deepar.prediction_length
        if self.enabled and self.minimum_windows < needed:
            raise ValueError(
                f"models.minimum_windows={self.minimum_windows} must be at least "
                f"models.deepar.context_length + models.deepar.prediction_length = {needed}"
            )
        return self
