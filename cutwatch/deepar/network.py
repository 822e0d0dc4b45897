"""The network: a recurrent one along a window, which fills each missing value by what it expects itself.

A forecast is a window whose last values are all missing; so training, imputation and sampling are one walk.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax, nn, random

from cutwatch.deepar.hyperparameters import Hyperparameters
from cutwatch.deepar.likelihoods import LIKELIHOODS
from cutwatch.deepar.rhythm import Rhythm

Array = Any
Parameters = dict[str, Any]
"""The weights (`.w`) and offsets (`.b`) of each layer, by name."""


class Windows(NamedTuple):
    """Windows of series.

    Attributes:
        values: shape (windows, past + steps), NaN where missing; the first `past` are only looked back on.
        factors: what the values are multiples of, shape (windows, past + steps).
        clocks: shape (windows, steps, clocks).
    """

    values: Array
    factors: Array
    clocks: Array


def initial_parameters(hyperparameters: Hyperparameters, rhythm: Rhythm, key: Array) -> Parameters:
    """Draw the parameters that training starts from."""
    cells = hyperparameters.num_cells
    first_size = len(rhythm.lags) + rhythm.clocks + 1  # lagged values, clocks, the window's level
    sizes = [first_size, *[cells] * (hyperparameters.num_layers - 1)]
    shapes = {f"lstm{layer}": (size + cells, 4 * cells) for layer, size in enumerate(sizes)}
    shapes["head"] = (cells, LIKELIHOODS[hyperparameters.likelihood].outputs)
    bound = 1 / math.sqrt(cells)
    parameters: Parameters = {}
    for part, (name, shape) in zip(random.split(key, len(shapes)), shapes.items(), strict=True):
        parameters[f"{name}.w"] = random.uniform(part, shape, minval=-bound, maxval=bound)
        parameters[f"{name}.b"] = jnp.zeros(shape[1])
    return parameters


def unroll(
    hyperparameters: Hyperparameters,
    rhythm: Rhythm,
    parameters: Parameters,
    key: Array,
    windows: Windows,
    *,
    training: bool,
) -> tuple[Array, tuple[Array, ...]]:
    """Run the network along windows.

    Args:
        hyperparameters: of the model.
        rhythm: of the model.
        parameters: of the network.
        key: for zoneout in training, for drawing values else.
        windows: to run along.
        training: fill a missing value by the network's mean instead of a draw, and hold cells back at random.

    Returns:
        The filled values, shape (windows, steps), and the distribution's parameters, each (steps, windows).
    """
    likelihood, past = LIKELIHOODS[hyperparameters.likelihood], rhythm.past
    even = windows.values / windows.factors
    count, steps = even.shape[0], even.shape[1] - past
    level = jnp.nanmean(jnp.abs(even[:, past : past + hyperparameters.context_length]), axis=1)
    scale = jnp.where(level > 0, level, 1.0)  # also where the whole context is missing
    scales = scale * windows.factors[:, past:].T
    scaled = (even / scale[:, None]).T
    scaled = scaled.at[:past].set(jnp.nan_to_num(scaled[:past], nan=1.0))
    hold_key, draw_key = random.split(key)
    held = _held_cells(hyperparameters, hold_key, steps, count) if training else None
    behind, level_input = past - jnp.array(rhythm.lags), jnp.log(scale)[:, None]

    def step(carry: Any, inputs: Any) -> Any:
        layers, series = carry
        number, clock, scale_now, held_now = inputs
        features = jnp.concatenate([series[number + behind].T, clock, level_input], axis=1)
        after, features = _through_layers(parameters, layers, features, held_now)
        out, seen = features @ parameters["head.w"] + parameters["head.b"], series[number + past]

        def filled() -> Array:
            distribution = likelihood.shape(out, scale_now)
            own = distribution[0] if training else likelihood.draw(random.fold_in(draw_key, number), *distribution)
            return lax.stop_gradient(jnp.where(jnp.isnan(seen), own / scale_now, seen))

        value = lax.cond(jnp.isnan(seen).any(), filled, lambda: seen)  # draws are dear: only where one is needed
        return (after, series.at[number + past].set(value)), out

    zeros = jnp.zeros((count, hyperparameters.num_cells))
    start = (((zeros, zeros),) * hyperparameters.num_layers, scaled)
    inputs = (jnp.arange(steps), windows.clocks.swapaxes(0, 1), scales, held)
    (_, series), outs = lax.scan(step, start, inputs)
    return (series[past:] * scales).T, likelihood.shape(outs, scales)


def loss(
    parameters: Parameters, hyperparameters: Hyperparameters, rhythm: Rhythm, key: Array, windows: Windows
) -> Array:
    """Mean negative log-likelihood of the values that are there, over context and prediction range alike."""
    _, distribution = unroll(hyperparameters, rhythm, parameters, key, windows, training=True)
    target = windows.values[:, rhythm.past :].T
    seen = ~jnp.isnan(target)
    # A finite stand-in for what is missing: NaN times zero would still spoil the gradient.
    density = LIKELIHOODS[hyperparameters.likelihood].log_density(jnp.where(seen, target, 0.5), *distribution)
    return -jnp.sum(jnp.where(seen, density, 0.0)) / jnp.maximum(seen.sum(), 1)


def _held_cells(hyperparameters: Hyperparameters, key: Array, steps: int, windows: int) -> Array | None:
    """Which cells keep their last output: zoneout, which is what the service's dropout is."""
    if not hyperparameters.dropout_rate:
        return None
    shape = (steps, hyperparameters.num_layers, windows, hyperparameters.num_cells)
    return random.bernoulli(key, hyperparameters.dropout_rate, shape)


def _through_layers(parameters: Parameters, layers: Any, features: Array, held: Array | None) -> tuple[Any, Array]:
    """One step of the stacked LSTM layers: their states after it, and the last one's output."""
    after = []
    for number, (output, cell) in enumerate(layers):
        together = jnp.concatenate([features, output], axis=1)
        gates = together @ parameters[f"lstm{number}.w"] + parameters[f"lstm{number}.b"]
        enter, keep, leave, new = jnp.split(gates, 4, axis=1)
        next_cell = nn.sigmoid(keep + 1) * cell + nn.sigmoid(enter) * jnp.tanh(new)
        features = nn.sigmoid(leave) * jnp.tanh(next_cell)
        if held is not None:
            features = jnp.where(held[number], output, features)
        after.append((features, next_cell))
    return tuple(after), features
