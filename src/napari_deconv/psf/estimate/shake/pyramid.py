"""From a coarse kernel in a small picture to the fine one: the blind estimate itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ....backend import FFT
from .borders import continued
from .cleanup import centred, enlarged, pruned
from .kernel import fitted
from .latent import differences, few_edges

SHRINK = 2**-0.5  # from one level to the next coarser one
COARSEST = 4  # pixels; a kernel up to this size is where the search begins
ROUNDS = 5  # sharp picture and kernel in turn, at every level

WEIGHT = 8e-3  # what an edge costs, for a picture whose standard deviation is a quarter
STRONG = 0.05  # slope per pixel of an edge that counts
LEAST = 0.4  # edges wanted: this much times the root of picture pixels times kernel pixels
LIGHTEST = WEIGHT / 16  # as far as the weight is lowered to get them; below, noise counts as edges

Array = NDArray[np.float32]


def climb(y: Array, size: int, fft: FFT, tick: Callable[[float], None]) -> Array:
    """The kernel that blurred a picture.

    At each level of a pyramid of the picture, the sharp picture of fewest edges (`few_edges`) and the kernel that
    blurs it into the recorded one (`fitted`) are found in turn. The coarsest level starts from a blur of three pixels.

    Parameters
    ----------
    y : array, two axes
        Picture with a standard deviation of about a quarter.
    size : int
        Of the kernel: rows and columns, odd.
    fft : FFT
        Fourier transforms.
    tick : callable
        Told the share of the work that was just done, 0 now and then in between.

    Returns
    -------
    array, shape (size, size)
        Not negative, sum 1, its centre of mass at the centre.
    """
    kernel, weight = np.zeros((3, 3), np.float32), WEIGHT
    kernel[1] = 1 / 3
    levels = _sizes(size)
    work = [SHRINK ** (2 * level) for level in range(len(levels))]
    for level in reversed(range(len(levels))):
        part = partial(_scaled, tick, work[level] / sum(work))
        at_level = _Level(shrunk(y, SHRINK**level), levels[level], fft, part)
        kernel, weight = at_level.settled(enlarged(kernel, levels[level]), weight)
    return kernel


def _scaled(tick: Callable[[float], None], share: float, part: float) -> None:
    tick(share * part)


def _sizes(size: int) -> list[int]:
    """Odd sizes of the kernel, from the finest level to the coarsest."""
    found = [size]
    while found[-1] > COARSEST:
        found.append(int(np.ceil(size * SHRINK ** len(found))) | 1)
    return found


class _Level:
    """The search at one level of the pyramid, for kernels of n x n."""

    def __init__(self, y: Array, n: int, fft: FFT, tick: Callable[[float], None]) -> None:
        self.n, self.fft, self.tick = n, fft, tick
        self.whole = continued(y, n + n // 2, fft)
        self.blurred = differences(self.whole)
        self.inside = _inside(y.shape, self.whole.shape, n // 2)

    def settled(self, kernel: Array, weight: float) -> tuple[Array, float]:
        """Kernel and weight of an edge after all rounds."""
        for _ in range(ROUNDS):
            edges, weight = self._edges(kernel, weight)
            kernel = centred(pruned(fitted(edges, self.blurred, self.n, self.fft)))
            self.tick(1 / ROUNDS)
        return kernel, weight

    def _edges(self, kernel: Array, weight: float) -> tuple[list[Array], float]:
        """The edges that `kernel` blurred, and the weight, halved until there are enough of them."""
        wanted = LEAST * self.n * float(self.inside.sum()) ** 0.5
        while True:
            edges = [self.inside * d for d in self._differences(kernel, weight)]
            strong = int((edges[0] ** 2 + edges[1] ** 2 > STRONG**2).sum())
            if strong > wanted or weight <= LIGHTEST:
                return edges, weight
            weight /= 2

    def _differences(self, kernel: Array, weight: float) -> tuple[Array, Array]:
        """Of the sharp picture."""
        return differences(few_edges(self.whole, kernel, weight, self.fft, lambda: self.tick(0)))


def _inside(shape: tuple[int, ...], grid: tuple[int, ...], margin: int) -> Array:
    """1 where an edge is blurred into recorded pixels only, 0 elsewhere."""
    inside = np.zeros(grid, np.float32)
    inside[margin : shape[0] - margin - 1, margin : shape[1] - margin - 1] = 1
    return inside


def shrunk(y: Array, factor: float) -> Array:
    """`y` at a coarser sampling, low-pass filtered, its middle kept in the middle."""
    if factor == 1:
        return y
    # Together with the linear interpolation this averages over about a pixel of the result.
    smooth = ndimage.gaussian_filter(y, 0.5 * np.sqrt(factor**-2 - 1), mode="mirror")
    shape = tuple(max(int(n * factor), 1) for n in y.shape)
    start = [(n - 1) / 2 - (m - 1) / 2 / factor for n, m in zip(y.shape, shape, strict=True)]
    coarse: Array = ndimage.affine_transform(smooth, [1 / factor] * 2, start, shape, order=1, mode="mirror")
    return coarse
