"""The noise of the values: what the network's outputs mean, how likely a value is, how one is drawn.

Each is the paper's or the service's: the window's scale comes in so that the network works on values around 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import nn, random
from jax.scipy import stats

Array = Any  # jax.Array: JAX is not in the environment where types are checked

_TINY = 1e-6
_LEAST_DISPERSION = 1e-4  # below it float32 cannot tell the likelihood from Poisson's


class Likelihood(NamedTuple):
    """One kind of noise.

    Attributes:
        outputs: numbers that the network gives for a step.
        shape: turns them and the window's scale into the distribution's parameters, the centre first.
        log_density: of (value, *parameters).
        draw: a value from (key, *parameters).
        whole: whether values are whole numbers.
    """

    outputs: int
    shape: Callable[[Array, Array], tuple[Array, ...]]
    log_density: Callable[..., Array]
    draw: Callable[..., Array]
    whole: bool = False


def _counts(out: Array, scale: Array) -> tuple[Array, Array]:
    """Mean and dispersion."""
    mean = scale * nn.softplus(out[..., 0]) + _TINY
    return mean, nn.softplus(out[..., 1]) / jnp.sqrt(scale) + _LEAST_DISPERSION


def _count_density(value: Array, mean: Array, dispersion: Array) -> Array:
    return stats.nbinom.logpmf(value, 1 / dispersion, 1 / (1 + mean * dispersion))


def _draw_count(key: Array, mean: Array, dispersion: Array) -> Array:
    rate_key, count_key = random.split(key)
    rate = random.gamma(rate_key, 1 / dispersion) * mean * dispersion
    return random.poisson(count_key, rate).astype(jnp.float32)


def _located(out: Array, scale: Array) -> tuple[Array, Array]:
    """Centre and width."""
    return scale * out[..., 0], scale * nn.softplus(out[..., 1]) + _TINY


def _heavy(out: Array, scale: Array) -> tuple[Array, Array, Array]:
    """Centre, width, and degrees of freedom above 2, so that the variance is finite."""
    return (*_located(out, scale), 2 + nn.softplus(out[..., 2]))


def _share(out: Array, scale: Array) -> tuple[Array, Array]:
    """Mean within 0 and 1, and how tightly values lie around it; shares have no scale."""
    return nn.sigmoid(out[..., 0]) + 0 * scale, nn.softplus(out[..., 1]) + 0.1


def _share_density(value: Array, mean: Array, tightness: Array) -> Array:
    inside = jnp.clip(value, _TINY, 1 - _TINY)
    return stats.beta.logpdf(inside, mean * tightness + _TINY, (1 - mean) * tightness + _TINY)


def _draw_share(key: Array, mean: Array, tightness: Array) -> Array:
    return random.beta(key, mean * tightness + _TINY, (1 - mean) * tightness + _TINY)


LIKELIHOODS = {
    "beta": Likelihood(2, _share, _share_density, _draw_share),
    "deterministic-L1": Likelihood(
        1,
        lambda out, scale: (scale * out[..., 0], scale),
        lambda value, centre, scale: -jnp.abs(value - centre) / scale,
        lambda _key, centre, _scale: centre,
    ),
    "gaussian": Likelihood(
        2,
        _located,
        stats.norm.logpdf,
        lambda key, centre, width: centre + width * random.normal(key, centre.shape),
    ),
    "negative-binomial": Likelihood(2, _counts, _count_density, _draw_count, whole=True),
    "student-T": Likelihood(
        3,
        _heavy,
        lambda value, centre, width, freedom: stats.t.logpdf(value, freedom, centre, width),
        lambda key, centre, width, freedom: centre + width * random.t(key, freedom),
    ),
}
