"""Log-likelihood ratios, in nats: how much more probable a window is under a fault than under its innocence.

Each is the increment of a sequential probability-ratio test (Wald 1945); summed and reflected at 0 they are Page's
CUSUM (1954). Dividing by the dispersion (variance over what the model has) is quasi-likelihood: it keeps the false
rate where counts scatter more than the model says.
"""

from __future__ import annotations

from math import log


def rate_change(count: float, expected: float, factor: float, dispersion: float) -> float:
    """Poisson mean `factor * expected` against `expected`.

    Break-even lies at `expected * (1 - factor) / log(1 / factor)`: at 39 % of the expectation for a factor of 0.1.

    Args:
        count: what was seen.
        expected: mean without a fault, at least 0.
        factor: what the fault sought makes of the mean; below 1 a loss, above 1 a flood.
        dispersion: variance over mean.

    Example:
        >>> round(rate_change(0, 10, 0.1, 1), 3)
        9.0
    """
    return (count * log(factor) + expected * (1 - factor)) / dispersion


def share_change(successes: float, trials: float, chance: float, factor: float, dispersion: float) -> float:
    """Binomial chance `factor * chance` against `chance`.

    Args:
        successes: trials that succeeded.
        trials: all of them.
        chance: of success without a fault, between 0 and 1.
        factor: what the fault sought makes of the chance, between 0 and 1.
        dispersion: variance over the binomial's.

    Example:
        >>> round(share_change(0, 2, 0.5, 0.5, 1), 3)
        0.811
    """
    failures = trials - successes
    return (successes * log(factor) + failures * log((1 - factor * chance) / (1 - chance))) / dispersion


def missing_change(missing: float, expected: float, further: float, variance: float) -> float:
    """Missing kinds with mean `expected + further` against `expected`, as quasi-Poisson counts of that variance.

    Few missing are skewed (mostly none, now and then two), many are nearly normal; this suits both.

    Args:
        missing: kinds that were not there.
        expected: how many usually are not, more than 0.
        further: the loss sought, more than 0.
        variance: of how many are missing.

    Example:
        >>> round(missing_change(1, 0.1, 0.9, 0.1), 3)
        1.403
    """
    return (missing * log((expected + further) / expected) - further) * expected / variance
