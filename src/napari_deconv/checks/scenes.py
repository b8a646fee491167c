"""Kernels, images and the ways to walk a solver that the contracts share."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import Array
from ..network import models
from ..network.denoiser import Denoiser
from ..network.engine import load
from ..network.noise_level import noise_level, span
from ..operators import Blur
from ..solvers import Iterate
from ..solvers.half_quadratic import half_quadratic

BOUNDARIES = ("extended", "reflect", "periodic")
CASES = (((33, 40), (7, 8)), ((12, 17, 16), (5, 6, 7)))  # image and PSF, odd and even sides
STEPS = 30

Picture = NDArray[Any]
Operator = Callable[..., Blur]  # Blur, or what stands in for it
Solver = Callable[..., Any]  # of the package `solvers`: a generator of iterates, or a function of one step
Figures = Iterator[float]


def kernel(shape: tuple[int, ...]) -> Picture:
    """An asymmetric blur with its weight near the centre, sum 1."""
    rng = np.random.default_rng(0)
    grids = np.meshgrid(*((np.arange(n) - n // 2) / max(n / 4, 1) for n in shape), indexing="ij")
    values = np.exp(-sum(g**2 for g in grids)) * (0.5 + rng.random(shape))
    return np.asarray(values / values.sum())


def scene(shape: tuple[int, ...]) -> Picture:
    """A noisy positive image."""
    rng = np.random.default_rng(1)
    return rng.poisson(20 + 80 * rng.random(shape)).astype(np.float32)


def learned(y: Array, H: Blur) -> Iterator[Iterate]:
    """A learned restoration with the network that the package brings."""
    picture = H.backend.to_host(y)
    denoise = Denoiser(load(*models.find().file(colours=1), H.backend), H.xp, y.ndim)
    return half_quadratic(y, H, denoise, sigma=noise_level(picture), span=span(picture))


def on_device(H: Blur, picture: Picture) -> Array:
    """A picture where H computes."""
    return H.backend.asarray(picture, H.dtype)


def iterates(solver: Solver, y: Array, H: Blur) -> Iterator[Any]:
    """The iterates of a solver, as many as a contract looks at."""
    return itertools.islice(solver(y, H), STEPS)


def restored(solver: Solver, y: Picture, H: Blur) -> Picture:
    """The estimate under the image after the usual number of steps (or the only one), on the host."""
    made = solver(on_device(H, y), H)
    if not isinstance(made, Iterator):
        return H.backend.to_host(made[0])
    [last] = deque(itertools.islice(made, STEPS), maxlen=1)
    return H.backend.to_host(H.crop(last.snapshot()))
