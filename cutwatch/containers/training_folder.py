"""The folder that a training container gets: `/opt/ml` there, any folder here.

Source: "How Amazon SageMaker AI Provides Training Information" in the Amazon SageMaker AI developer guide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FAILURE_CHARACTERS = 1024
"""The service shows no more than so much of a failure."""


@dataclass(frozen=True)
class Channel:
    """One input channel.

    Attributes:
        name: such as `train`.
        content_type: as the job gave it; empty where it gave none.
        distribution: `FullyReplicated` or `ShardedByS3Key`.
        folder: where its objects lie, under the rest of their keys.
    """

    name: str
    content_type: str
    distribution: str
    folder: Path

    def files(self) -> list[Path]:
        """Its files in the order of their names; hidden ones and Spark's `_SUCCESS` are no data."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path for path in found if not path.name.startswith(".") and path.name != "_SUCCESS")


@dataclass(frozen=True)
class TrainingFolder:
    """Where a training job finds its input and leaves its output."""

    root: Path

    @property
    def model(self) -> Path:
        """What is put here becomes `model.tar.gz`."""
        return self.root / "model"

    @property
    def failure_file(self) -> Path:
        """Why the job failed."""
        return self.root / "output" / "failure"

    @property
    def input_data(self) -> Path:
        """The channels' folders."""
        return self.root / "input" / "data"

    def prepare(self, hyperparameters: Mapping[str, str], channels: Mapping[str, Mapping[str, str]]) -> None:
        """Lay the folder out, as the platform does; the channels' files are the caller's to bring.

        Args:
            hyperparameters: as the job was given them: strings.
            channels: by name, its entry of `inputdataconfig.json`.
        """
        config = self.root / "input" / "config"
        for folder in (config, self.model, self.failure_file.parent, *(self.input_data / name for name in channels)):
            folder.mkdir(parents=True, exist_ok=True)
        (config / "hyperparameters.json").write_text(json.dumps(dict(hyperparameters)))
        (config / "inputdataconfig.json").write_text(json.dumps({name: dict(one) for name, one in channels.items()}))

    def hyperparameters(self) -> dict[str, str]:
        """The job's hyperparameters, all strings."""
        return {str(name): str(value) for name, value in self._config("hyperparameters").items()}

    def channels(self) -> dict[str, Channel]:
        """The job's input channels by name."""
        return {
            name: Channel(
                name,
                content_type=str(one.get("ContentType") or ""),
                distribution=str(one.get("S3DistributionType") or "FullyReplicated"),
                folder=self.input_data / name,
            )
            for name, one in self._config("inputdataconfig").items()
        }

    def fail(self, reason: str) -> None:
        """Write down why the job failed."""
        self.failure_file.parent.mkdir(parents=True, exist_ok=True)
        self.failure_file.write_text(reason[:FAILURE_CHARACTERS])

    def _config(self, name: str) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.root / "input" / "config" / f"{name}.json").read_text())
        return data
