"""Every backend a numerical test runs on: NumPy, strict arrays on a pretend device, CuPy where there is one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

import strict
from napari_deconv.backend import Backend, resolve

EVERY_BACKEND = pytest.mark.parametrize(
    "backend", ["numpy", pytest.param(strict.BACKEND, id="strict"), pytest.param("cupy", marks=pytest.mark.gpu)]
)
EVERY_BOUNDARY = pytest.mark.parametrize("boundary", ["extended", "reflect", "periodic"])


def kernel(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float64]:
    """An asymmetric blur kernel with its weight near the centre, sum 1."""
    rng = np.random.default_rng(seed)
    grids = np.meshgrid(*((np.arange(n) - n // 2) / max(n / 4, 1) for n in shape), indexing="ij")
    values = np.exp(-sum(g**2 for g in grids)) * (0.5 + rng.random(shape))
    return values / values.sum()


def scene(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.float32]:
    """A noisy positive image."""
    rng = np.random.default_rng(seed)
    return rng.poisson(20 + 80 * rng.random(shape)).astype(np.float32)


def on(backend: str | Backend, array: NDArray[np.generic], dtype: str = "float32") -> object:
    """`array` on the device of a backend."""
    found = resolve(backend)
    return found.asarray(array, getattr(found.xp, dtype))


def home(backend: str | Backend, array: object) -> NDArray[np.generic]:
    """Back to NumPy."""
    return resolve(backend).to_host(array)
