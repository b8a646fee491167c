"""Kernels, images and the ways to walk a solver that the contracts share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import Array
from ..operators import Blur

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
    last = next(itertools.islice(made, STEPS - 1, None))
    return H.backend.to_host(H.crop(last.snapshot()))
