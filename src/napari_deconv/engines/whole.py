"""The whole-array engine: circular convolution with one kernel, one FFT of everything at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import Array, Backend
from .engine import Factor, Pointwise, Update

SLABS = 32  # pieces of an array that pointwise work is done in: temporary arrays then stay in the processor's cache


class Whole:
    """Circular convolution and correlation on a grid, by the transfer function and its conjugate.

    Written in the Python array API standard, so that it runs on NumPy, CuPy and strict test arrays alike.

    Parameters
    ----------
    kernel : array
        Values of the PSF, centre at ``n // 2``. Folded onto the grid where it is larger.
    grid : tuple of int
        Size of the FFT.
    window : tuple of int
        Shape of the image, which lies at the first indices of the grid.
    backend : Backend
        Where to compute.
    dtype : str
        "float32" or "float64".
    """

    def __init__(
        self, kernel: NDArray[Any], grid: tuple[int, ...], window: tuple[int, ...], backend: Backend, dtype: str
    ) -> None:
        self.grid = grid
        self.backend = backend
        kind = getattr(backend.xp, dtype)
        self.otf = backend.fft.rfftn(backend.asarray(at_origin(kernel, grid), kind))
        self._inside = tuple(slice(0, n) for n in window)
        self._buffer = backend.zeros(grid, kind)

    def convolve(self, x: Array) -> Array:
        """The kernel convolved with `x`, both periodic on the grid."""
        spectrum = self.backend.fft.rfftn(x)
        spectrum *= self.otf
        return self.backend.fft.irfftn(spectrum, self.grid)

    def correlate(self, x: Array) -> Array:
        """The transpose of `convolve`: the conjugate transfer function."""
        spectrum = self.backend.fft.rfftn(x)
        for part in slabs(spectrum.shape[0]):  # so that the conjugate never stands in memory whole
            spectrum[part, ...] *= self.backend.xp.conj(self.otf[part, ...])
        return self.backend.fft.irfftn(spectrum, self.grid)

    def forward(self, x: Array) -> Array:
        """What the window sees of ``convolve(x)``."""
        return self.convolve(x)[self._inside]

    def adjoint(self, y: Array) -> Array:
        """The transpose of `forward`."""
        self._buffer[self._inside] = y
        return self.correlate(self._buffer)

    def filtered(self, x: Array, f: Factor) -> Array:
        """What the window sees of `x` when its spectrum is multiplied by ``f(otf)``; `f` gets slabs."""
        spectrum = self.backend.fft.rfftn(x)
        for part in slabs(spectrum.shape[0]):
            spectrum[part, ...] *= f(self.otf[part, ...], (part, *(slice(0, n) for n in spectrum.shape[1:])))
        return self.backend.fft.irfftn(spectrum, self.grid)[self._inside]

    def through(self, x: Array, f: Pointwise, update: Update | None = None) -> Array | None:
        """``adjoint(f(forward(x)))``; `f` and `update` get slabs."""
        y = self.forward(x)
        for part in slabs(y.shape[0]):
            self._buffer[(part, *self._inside[1:])] = f(y[part, ...], part)
        return hand_over(self.correlate(self._buffer), update)


def hand_over(result: Array, update: Update | None) -> Array | None:
    """`result`, or None after all slabs of it have been given to `update`."""
    if update is None:
        return result
    for part in slabs(result.shape[0]):
        update(result[part, ...], part)
    return None


def slabs(n: int) -> Iterator[slice]:
    """Slices that cut an axis of length `n` into pieces."""
    size = -(-n // SLABS)
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def at_origin(kernel: NDArray[Any], grid: tuple[int, ...]) -> NDArray[Any]:
    """`kernel` on a periodic grid with its centre ``n // 2`` at index 0; what overhangs is folded back."""
    folded = kernel
    for axis, size in enumerate(grid):
        folded = fold(folded, axis, size)
    return folded


def fold(kernel: NDArray[Any], axis: int, size: int) -> NDArray[Any]:
    """`at_origin` along one axis; in float64 if it is real."""
    kind = kernel.dtype if np.iscomplexobj(kernel) else np.float64
    folded = np.zeros((*kernel.shape[:axis], size, *kernel.shape[axis + 1 :]), kind)
    here, there, n = np.moveaxis(kernel, axis, 0), np.moveaxis(folded, axis, 0), kernel.shape[axis]
    for i in range(n):
        there[(i - n // 2) % size] += here[i]
    return folded
