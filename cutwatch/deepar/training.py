"""Training: mini-batches of windows cut at random places, until the epochs or the patience end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax, random

from cutwatch.deepar.hyperparameters import Hyperparameters
from cutwatch.deepar.model import Model
from cutwatch.deepar.network import Windows, initial_parameters, loss
from cutwatch.deepar.rhythm import Rhythm
from cutwatch.deepar.series import Series
from cutwatch.deepar.weekend import weekend_factor, weekend_factors

Report = Callable[[int, float], None]

_LARGEST_GRADIENT = 10.0


def train(
    hyperparameters: Hyperparameters,
    data: Sequence[Series],
    *,
    seed: int = 0,
    report: Report = lambda _epoch, _loss: None,
) -> Model:
    """Fit one model to all series; the epoch with the lowest training loss wins, as in the service.

    Args:
        hyperparameters: how.
        data: the series; a short one is trained on together with missing values before it.
        seed: equal seeds and data give equal models on one machine.
        report: gets each epoch's number and loss.
    """
    longest = max(hyperparameters.window, *(len(series) for series in data))
    rhythm, weekend = Rhythm.of(hyperparameters, longest), weekend_factor(data, hyperparameters.step_minutes)
    table = Windows(*(jnp.asarray(array) for array in _table(rhythm, weekend, data, longest)))
    first = jnp.array([min(longest - len(series), longest - hyperparameters.window) for series in data])
    batches = _batches(hyperparameters, sum(int(np.isfinite(series.target).sum()) for series in data))
    epoch_key, start_key = random.split(random.key(seed))
    best = parameters = initial_parameters(hyperparameters, rhythm, start_key)
    state = _optimizer(hyperparameters).init(parameters)
    lowest, stale = math.inf, 0
    for number in range(hyperparameters.epochs):
        key = random.fold_in(epoch_key, number)
        parameters, state, mean = _epoch(hyperparameters, rhythm, batches, parameters, state, key, table, first)
        report(number, float(mean))
        if mean < lowest:
            best, lowest, stale = parameters, float(mean), 0
        else:
            stale += 1
        if hyperparameters.early_stopping_patience and stale >= hyperparameters.early_stopping_patience:
            break
    return Model(hyperparameters, rhythm, weekend, best)


def _batches(hyperparameters: Hyperparameters, observations: int) -> int:
    """Mini-batches that make one pass over the data."""
    return math.ceil(observations / (hyperparameters.mini_batch_size * hyperparameters.window))


def _table(rhythm: Rhythm, weekend: float, data: Sequence[Series], longest: int) -> Windows:
    """All series, each as one window of `longest` steps, with their ends aligned."""
    past, step = rhythm.past, rhythm.step_minutes
    values = np.full((len(data), past + longest), np.nan, np.float32)
    for row, series in zip(values, data, strict=True):
        row[len(row) - len(series) :] = series.target
    starts = [len(series) - longest for series in data]
    factors = [
        weekend_factors(weekend, series.start, step, first - past, past + longest)
        for series, first in zip(data, starts, strict=True)
    ]
    clocks = [rhythm.clock(series.start, first, longest) for series, first in zip(data, starts, strict=True)]
    return Windows(values, np.stack(factors), np.stack(clocks))


def _optimizer(hyperparameters: Hyperparameters) -> Any:
    return optax.chain(optax.clip_by_global_norm(_LARGEST_GRADIENT), optax.adam(hyperparameters.learning_rate))


def _run_epoch(
    hyperparameters: Hyperparameters,
    rhythm: Rhythm,
    batches: int,
    parameters: Any,
    state: Any,
    key: Any,
    table: Any,
    first: Any,
) -> Any:
    """One epoch, compiled as one loop."""
    window, latest = hyperparameters.window, table.clocks.shape[1] - hyperparameters.window
    sizes = Windows(rhythm.past + window, rhythm.past + window, window)

    def cut(row: Any, start: Any) -> Windows:
        parts = zip(table, sizes, strict=True)
        return Windows(*(lax.dynamic_slice_in_dim(array[row], start, size) for array, size in parts))

    def batch(carry: Any, batch_key: Any) -> Any:
        parameters, state = carry
        row_key, start_key, inner_key = random.split(batch_key, 3)
        rows = random.randint(row_key, (hyperparameters.mini_batch_size,), 0, len(table.values))
        starts = random.randint(start_key, rows.shape, first[rows], latest + 1)
        windows = jax.vmap(cut)(rows, starts)
        mean, gradient = jax.value_and_grad(loss)(parameters, hyperparameters, rhythm, inner_key, windows)
        updates, state = _optimizer(hyperparameters).update(gradient, state)
        return (optax.apply_updates(parameters, updates), state), mean

    (parameters, state), losses = lax.scan(batch, (parameters, state), random.split(key, batches))
    return parameters, state, losses.mean()


_epoch = jax.jit(_run_epoch, static_argnums=(0, 1, 2))
