"""A trained model: draws paths into the future, and is kept in one file of arrays and text, nothing that runs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from cutwatch.deepar.hyperparameters import Hyperparameters
from cutwatch.deepar.likelihoods import LIKELIHOODS
from cutwatch.deepar.network import Parameters, Windows, unroll
from cutwatch.deepar.rhythm import Rhythm
from cutwatch.deepar.series import Series
from cutwatch.deepar.weekend import weekend_factors
from cutwatch.errors import DataError

FILE_NAME = "model.safetensors"


@dataclass(frozen=True)
class Model:
    """A trained network and what it needs to know about its data.

    Attributes:
        hyperparameters: how it was made.
        rhythm: clocks and lags.
        weekend: values of Saturdays and Sundays, relative to the others.
        parameters: of the network.
    """

    hyperparameters: Hyperparameters
    rhythm: Rhythm
    weekend: float
    parameters: Parameters

    @property
    def history_length(self) -> int:
        """Steps of history that a forecast looks at: the context and the furthest lag."""
        return self.rhythm.past + self.hyperparameters.context_length

    def sample(self, series: Series, num_samples: int = 100, seed: int = 0) -> NDArray[np.float32]:
        """Draw paths of what follows a series.

        Args:
            series: the history; more than `history_length` steps change nothing, missing ones are drawn.
            num_samples: paths.
            seed: equal seeds give equal paths.

        Returns:
            Shape (num_samples, prediction_length).
        """
        hyperparameters, history = self.hyperparameters, self.history_length
        recent = series.target[-history:]
        window = np.full(history + hyperparameters.prediction_length, np.nan, np.float32)
        window[history - len(recent) : history] = recent
        first = len(series) - hyperparameters.context_length
        past, step = self.rhythm.past, self.rhythm.step_minutes
        factors = weekend_factors(self.weekend, series.start, step, first - past, len(window))
        clocks = self.rhythm.clock(series.start, first, hyperparameters.window)
        one = Windows(window, factors, clocks)
        return np.asarray(_paths(hyperparameters, self.rhythm, num_samples, self.parameters, random.key(seed), one))

    def save(self, folder: Path) -> None:
        """Write the model into a folder."""
        settings = {
            "hyperparameters": asdict(self.hyperparameters),
            "rhythm": asdict(self.rhythm),
            "weekend": self.weekend,
        }
        texts = {name: json.dumps(part) for name, part in settings.items()}
        arrays = {name: np.asarray(array) for name, array in self.parameters.items()}
        save_file(arrays, folder / FILE_NAME, texts)

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Read what `save` wrote.

        Raises:
            DataError: where there is no model, or it is damaged.
        """
        try:
            with safe_open(folder / FILE_NAME, framework="numpy") as file:
                texts = dict(file.metadata() or {})
                parameters = {name: jnp.asarray(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
            hyperparameters = Hyperparameters(**_tuples(json.loads(texts["hyperparameters"])))
            rhythm = Rhythm(**_tuples(json.loads(texts["rhythm"])))
            weekend = float(json.loads(texts["weekend"]))
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"the model data hold no DeepAR model in {FILE_NAME}: {error}") from error
        return cls(hyperparameters, rhythm, weekend, parameters)


def _tuples(data: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}


def _draw(
    hyperparameters: Hyperparameters,
    rhythm: Rhythm,
    num_samples: int,
    parameters: Parameters,
    key: Any,
    one: Windows,
) -> Any:
    copies = Windows(*(jnp.tile(array, (num_samples,) + (1,) * array.ndim) for array in one))
    filled, _ = unroll(hyperparameters, rhythm, parameters, key, copies, training=False)
    paths = filled[:, hyperparameters.context_length :]
    return jnp.round(paths) if LIKELIHOODS[hyperparameters.likelihood].whole else paths  # the scale leaves 3.9999998


_paths = jax.jit(_draw, static_argnums=(0, 1, 2))
