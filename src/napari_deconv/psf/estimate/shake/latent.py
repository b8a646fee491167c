"""The sharp picture that goes with a kernel: flat regions between few, strong edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ....backend import FFT

GROWTH = 1.5  # of the coupling between picture and edges from step to step
LAST = 100.0  # the coupling that ends it

Array = NDArray[np.float32]


def few_edges(y: Array, kernel: Array, weight: float, fft: FFT, tick: Callable[[], None]) -> Array:
    r"""The picture of fewest edges that explains `y`,

    .. math:: \min_x |k * x - y|^2 + \lambda \, \#\{p : \nabla x_p \ne 0\}

    by half-quadratic splitting: differences are kept where their square exceeds :math:`\lambda / \beta`, the picture
    is fitted to the data and to the kept ones in one periodic filter, and the coupling :math:`\beta` grows.

    Parameters
    ----------
    y : array, two axes
        Blurred picture on a periodic grid (`continued`).
    kernel : array
        Odd sizes, centre at n // 2.
    weight : float
        What an edge costs, :math:`\lambda`.
    fft : FFT
        Fourier transforms.
    tick : callable
        Called after each step.

    References
    ----------
    .. [1] L. Xu, S. Zheng, J. Jia, "Unnatural L0 sparse representation for natural image deblurring", CVPR 2013.
    .. [2] L. Xu, C. Lu, Y. Xu, J. Jia, "Image smoothing via L0 gradient minimization", ACM Trans. Graph.
           30, 174 (2011).
    """
    transfer, roughness = _transfer(kernel, y.shape, fft), _laplacian(y.shape)
    explained, power = np.conj(transfer) * fft.rfftn(y), np.abs(transfer) ** 2
    x, steps = y, round(np.log(LAST / (2 * weight)) / np.log(GROWTH))
    for step in range(steps):
        coupling = 2 * weight * GROWTH**step
        down, right = differences(x)
        kept = down**2 + right**2 >= weight / coupling
        edges = fft.rfftn(_transposed(down * kept, right * kept))
        x = fft.irfftn((explained + coupling * edges) / (power + coupling * roughness), y.shape)
        tick()
    return x


def differences(x: Array) -> tuple[Array, Array]:
    """To the next row and to the next column, periodic."""
    return np.roll(x, -1, 0) - x, np.roll(x, -1, 1) - x


def _transposed(down: Array, right: Array) -> Array:
    """The transpose of `differences`."""
    return np.roll(down, 1, 0) - down + np.roll(right, 1, 1) - right


def _transfer(kernel: Array, shape: tuple[int, ...], fft: FFT) -> NDArray[np.complex64]:
    """Transfer function of a kernel on a periodic grid."""
    grid = np.zeros(shape, np.float32)
    grid[: kernel.shape[0], : kernel.shape[1]] = kernel
    moved: NDArray[np.complex64] = fft.rfftn(np.roll(grid, [-(n // 2) for n in kernel.shape], (0, 1)))
    return moved


def _laplacian(shape: tuple[int, ...]) -> Array:
    """Transfer function of `_transposed` after `differences`."""
    rows, columns = np.fft.fftfreq(shape[0]), np.fft.rfftfreq(shape[1])
    power: NDArray[np.float64] = 4 * np.sin(np.pi * rows)[:, None] ** 2 + 4 * np.sin(np.pi * columns) ** 2
    return power.astype(np.float32)
