"""The object behind one half of the photons, and what it foretells for the other half."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...operators import Blur
from ...solvers import SEEN
from .photons import Halves

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Forecast:
    """Expected photons of the half that was not looked at.

    Parameters
    ----------
    mean : array
        Expectation for every pixel after the last step.
    scores : tuple of float
        Log-likelihood of the unseen half after every step.
    object : array
        What was blurred for `mean`, on the wider domain of the object.
    """

    mean: Array
    scores: tuple[float, ...]
    object: NDArray[np.float32]


def forecast(halves: Halves, kernel: Array, steps: int, tick: Callable[[], None]) -> Forecast:
    r"""Deconvolve one half, and foretell the other by blurring the result again.

    Richardson-Lucy with the momentum of Wang and Miller [1]_, from a flat start,

    .. math:: p = \max\left(x_k + \tfrac{k - 1}{k + 2} (x_k - x_{k-1}), \epsilon\right), \qquad
              x_{k+1} = \frac{p}{H^T 1} H^T \frac{y}{H p + b}

    Plain steps would need to be many more, and that matters: far from convergence a PSF that is too sharp wins.

    Parameters
    ----------
    halves : Halves
        Photons.
    kernel : array
        PSF, sum 1.
    steps : int
        How many.
    tick : callable
        Called after every step.

    References
    ----------
    .. [1] H. Wang, P. C. Miller, IEEE Trans. Image Process. 23, 848 (2014): scaled heavy-ball acceleration.
    """
    y, unseen, background = halves.fit, halves.check, np.float32(halves.background)
    H = Blur(kernel, y.shape)
    sensitivity = H.adjoint(np.ones(y.shape, np.float32))
    seen = sensitivity > SEEN
    gain = np.where(seen, 1 / np.maximum(sensitivity, SEEN), 0).astype(np.float32)
    flat = np.float32(max(float(y.mean()) - halves.background, 0.01 * float(y.mean()), 1e-6))
    floor = np.float32(1e-6) * flat
    x = before = np.full(H.in_shape, flat, np.float32)
    scores = []
    for step in range(1, steps + 1):
        p = np.maximum(x + np.float32((step - 1) / (step + 2)) * (x - before), floor)
        mean = np.maximum(H.forward(p) + background, floor)
        scores.append(log_likelihood(unseen, mean))
        before, x = x, np.where(seen, p * gain * np.maximum(H.adjoint(y / mean), 0), p)
        tick()
    return Forecast(mean.astype(np.float64), tuple(scores), p)


def log_likelihood(counts: NDArray[np.float32], mean: NDArray[np.float32]) -> float:
    """Of Poisson counts, up to what does not depend on `mean`."""
    return float(np.sum(counts * np.log(mean) - mean, dtype=np.float64))


def gain_of(halves: Halves, better: Array, worse: Array) -> tuple[float, float]:
    """By how much one forecast is the likelier, and the standard deviation of that by chance."""
    ratio = np.log(better / worse)
    gain = float(np.sum(halves.check * ratio - (better - worse)))
    return gain, float(np.sqrt(np.sum(halves.check * ratio**2)))
