"""Facts about the network, found in DeepAR's own environment and printed as JSON for `test_network`."""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import random
from scipy import stats

from cutwatch.deepar.evaluation import evaluate
from cutwatch.deepar.hyperparameters import Hyperparameters
from cutwatch.deepar.likelihoods import LIKELIHOODS
from cutwatch.deepar.model import Model
from cutwatch.deepar.network import Windows, initial_parameters, loss
from cutwatch.deepar.rhythm import Rhythm
from cutwatch.deepar.series import Series
from cutwatch.deepar.training import train

START = dt.datetime(2020, 7, 1)  # noqa: DTZ001 - series have no time zone
DAY = 24
HOURLY = Hyperparameters("H", DAY, DAY, 40, num_cells=16, num_layers=1, mini_batch_size=16, learning_rate=1e-2,
                         likelihood="negative-binomial")  # fmt: skip


def counts(days: int, seed: int = 0) -> Series:
    rng = np.random.default_rng(seed)
    mean = 60 + 40 * np.sin(2 * np.pi * np.arange(days * DAY) / DAY)
    return Series(START, rng.negative_binomial(50, 50 / (50 + mean)).astype(np.float32))


def densities() -> dict[str, float]:
    """How far each likelihood's log density is from scipy's, at most."""
    value, mean, width, freedom = 3.0, 2.5, 0.7, 5.0
    ours_and_theirs = {
        "negative-binomial": ((value, mean, width), stats.nbinom.logpmf(value, 1 / width, 1 / (1 + mean * width))),
        "student-T": ((value, mean, width, freedom), stats.t.logpdf(value, freedom, mean, width)),
        "gaussian": ((value, mean, width), stats.norm.logpdf(value, mean, width)),
        "beta": ((0.3, 0.4, 7.0), stats.beta.logpdf(0.3, 2.8, 4.2)),
        "deterministic-L1": ((value, mean, 2.0), -0.25),
    }
    return {
        name: abs(float(LIKELIHOODS[name].log_density(*map(jnp.asarray, arguments))) - theirs)
        for name, (arguments, theirs) in ours_and_theirs.items()
    }


def draws() -> dict[str, float]:
    """How far the mean of many draws is from the distribution's centre, in standard errors."""
    found = {}
    for number, name in enumerate(("beta", "negative-binomial")):  # the others are a centre and JAX's own noise
        likelihood = LIKELIHOODS[name]
        parameters = likelihood.shape(jnp.ones((20_000, likelihood.outputs)) * 0.5, jnp.full(20_000, 8.0))
        drawn = np.asarray(likelihood.draw(random.key(number), *parameters))
        error = drawn.std() / np.sqrt(len(drawn)) + 1e-6
        found[name] = abs(float(drawn.mean() - parameters[0][0])) / float(error)
    return found


def missing_values() -> dict[str, Any]:
    """What a hole in the data does to the loss and its gradient."""
    rhythm = Rhythm.of(HOURLY, 8 * DAY)
    parameters = initial_parameters(HOURLY, rhythm, random.key(0))
    whole = counts(8).target[-rhythm.past - HOURLY.window :][None]
    holed, empty = whole.copy(), whole.copy()
    holed[0, -10:-4] = np.nan
    empty[0, rhythm.past : rhythm.past + HOURLY.context_length] = np.nan
    factors = np.ones_like(whole)
    clocks = rhythm.clock(START, 0, HOURLY.window)[None]

    both = jax.jit(
        lambda values: jax.value_and_grad(loss)(
            parameters, HOURLY, rhythm, random.key(1), Windows(values, factors, clocks)
        )
    )
    found = {}
    for name, values in {"holed": holed, "empty_context": empty}.items():
        value, gradient = both(values)
        found[name] = bool(np.isfinite(value)) and all(bool(np.isfinite(g).all()) for g in gradient.values())
    return found


def trained() -> dict[str, Any]:
    """A trained model: repeatable, kept whole by saving, no worse for a hole, and right about the next day."""
    data = counts(14)
    losses: list[float] = []
    model = train(HOURLY, [Series(START, data.target[: -2 * DAY])], report=lambda _epoch, value: losses.append(value))
    twin = train(HOURLY, [Series(START, data.target[: -2 * DAY])])
    history = Series(START, data.target[:-DAY])
    paths = model.sample(history, 100, seed=3)
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder))
        loaded = Model.load(Path(folder)).sample(history, 100, seed=3)
    shift = dt.timedelta(hours=len(history) - model.history_length)
    recent = Series(START + shift, history.target[-model.history_length :])
    result = evaluate(model, [data])
    before = evaluate(replace(model, parameters=initial_parameters(HOURLY, model.rhythm, random.key(9))), [data])
    return {
        "shape": paths.shape,
        "first_loss": losses[0],
        "last_loss": losses[-1],
        "twin_is_equal": all(
            bool((model.parameters[name] == twin.parameters[name]).all()) for name in model.parameters
        ),
        "loaded_draws_equal_paths": bool((paths == loaded).all()),
        "another_seed_differs": bool((paths != model.sample(history, 100, seed=4)).any()),
        "older_history_changes_nothing": bool((paths == model.sample(recent, 100, seed=3)).all()),
        "counts_are_whole": bool((paths == paths.round()).all() and (paths >= 0).all()),
        "coverage": result.coverage,
        "quantile_loss": result.mean_quantile_loss,
        "untrained_quantile_loss": before.mean_quantile_loss,
        "short_history_is_forecast": bool(np.isfinite(model.sample(Series(START, data.target[:5]))).all()),
        "empty_history_is_forecast": bool(np.isfinite(model.sample(Series(START, data.target[:0]))).all()),
    }


def other_likelihoods() -> dict[str, bool]:
    """Whether each likelihood beside the counts' trains and forecasts finite values; with two layers, too."""
    found = {}
    for name in sorted(set(LIKELIHOODS) - {HOURLY.likelihood}):
        few = replace(HOURLY, likelihood=name, epochs=2, num_layers=2 if name == "student-T" else 1, num_cells=4)
        data = counts(8)
        values = data.target / data.target.max() if name == "beta" else data.target
        paths = train(few, [Series(START, values)]).sample(Series(START, values), 20)
        found[name] = bool(np.isfinite(paths).all())
    return found


if __name__ == "__main__":
    parts = {part.__name__: part for part in (densities, draws, missing_values, trained, other_likelihoods)}
    sys.stdout.write(json.dumps({name: part() for name, part in parts.items()}))
