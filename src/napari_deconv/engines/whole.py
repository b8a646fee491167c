"""The whole-array engine: circular convolution with one kernel, one FFT of everything at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..backend import Array, Backend

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
    backend : Backend
        Where to compute.
    dtype : str
        "float32" or "float64".
    """

    def __init__(self, kernel: NDArray[Any], grid: tuple[int, ...], backend: Backend, dtype: str) -> None:
        self.grid = grid
        self.backend = backend
        self.otf = backend.fft.rfftn(backend.asarray(at_origin(kernel, grid), getattr(backend.xp, dtype)))

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


def slabs(n: int) -> Iterator[slice]:
    """Slices that cut an axis of length `n` into pieces."""
    size = -(-n // SLABS)
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def at_origin(kernel: NDArray[Any], grid: tuple[int, ...]) -> NDArray[Any]:
    """`kernel` on a periodic grid with its centre ``n // 2`` at index 0; what overhangs is folded back."""
    folded = kernel.astype(np.float64)
    for axis, (n, size) in enumerate(zip(kernel.shape, grid, strict=True)):
        index = (np.arange(n) - n // 2) % size
        moved = np.zeros((size, *np.delete(folded.shape, axis)))
        np.add.at(moved, index, np.moveaxis(folded, axis, 0))
        folded = np.moveaxis(moved, 0, axis)
    return folded


def predicted_bytes(grid: tuple[int, ...], image: tuple[int, ...], itemsize: int = 4) -> int:
    """Upper estimate of the memory of a Richardson-Lucy run on this engine, set-up included."""
    return itemsize * (9 * int(np.prod(grid)) + 6 * int(np.prod(image))) + 2**25
