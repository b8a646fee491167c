"""What lies around an image, well enough for a filter that needs the whole grid: a few steps on coarse voxels."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ..backend import Array
from ..operators import Blur
from .scaled_heavy_ball import scaled_heavy_ball

STEPS = 5  # of the scaled heavy ball on coarse voxels
COARSE, COARSEST = 2, 8  # voxels to a side of a coarse voxel: always allowed; allowed if the blur leaves nothing finer
FINE = 0.03  # what a blur may pass of what coarse voxels cannot show


def filled(y: Array, H: Blur) -> Array:
    """The image on the whole grid of `H`; margins and masked pixels as the blur of an object that explains the image.

    The object is that of a few scaled heavy ball steps on coarser voxels: what it predicts is blurred and
    needs no fine ones.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image, any offset.
    H : Blur
        The blur.
    """
    if H.grid == H.out_shape and H.weight is None:
        return y
    coarse = Coarse(H)
    low, high = extremes(y, H)
    offset = 0.05 * (high - low) - low if high > low else 1 - low
    image = coarse.binned(y if H.weight is None else y * H.weight) + offset * coarse.share
    steps = scaled_heavy_ball(image, coarse, x0=coarse.mean(image))
    estimate = next(itertools.islice(steps, STEPS - 1, None)).snapshot()
    return coarse.finished(y, coarse.blurred(estimate) - offset)


def extremes(y: Array, H: Blur) -> tuple[float, float]:
    """Smallest and largest pixel that counts."""
    counted = y if H.weight is None else y[H.weight > 0]
    return float(H.xp.min(counted)), float(H.xp.max(counted))


class Coarse:
    """A blur on voxels larger by whole factors, a `LinearOperator` on a ring: low frequencies of the transfer function.

    A coarse pixel is the mean of the pixels in it that the camera recorded and the mask leaves; the share of these is
    its weight.

    Parameters
    ----------
    H : Blur
        The blur.
    """

    def __init__(self, H: Blur) -> None:
        self.xp, self._H = H.xp, H
        reach = _smooth(H)
        self._factors = tuple(_divisor(n, max(COARSE, most)) for n, most in zip(H.grid, reach, strict=True))
        grid = tuple(n // factor for n, factor in zip(H.grid, self._factors, strict=True))
        self.in_shape = self.out_shape = grid
        smooth = tuple(factor <= most for factor, most in zip(self._factors, reach, strict=True))
        self._otf = H.backend.fft.rfftn(_coarse_kernel(H, grid, smooth))
        self.share = self._inside() if H.weight is None else self.binned(H.weight)

    def forward(self, x: Array) -> Array:
        """H x, times the weight."""
        return self.blurred(x) * self.share

    def adjoint(self, y: Array) -> Array:
        """The transpose of `forward`."""
        spectrum = self._H.backend.fft.rfftn(y * self.share) * self.xp.conj(self._otf)
        return self._H.backend.fft.irfftn(spectrum, self.in_shape)

    def blurred(self, x: Array) -> Array:
        """H x everywhere on the ring."""
        return self._H.backend.fft.irfftn(self._H.backend.fft.rfftn(x) * self._otf, self.in_shape)

    def _inside(self) -> Array:
        """What `binned` makes of an image of ones."""
        shares = np.ones(())
        for factor, n, seen in zip(self._factors, self.in_shape, self._H.out_shape, strict=True):
            shares = shares[..., None] * np.clip(seen / factor - np.arange(n), 0, 1)
        return self._H.backend.asarray(shares, self._H.dtype)

    def binned(self, y: Array) -> Array:
        """Means over coarse pixels of an image that is zero outside."""
        for axis, (factor, n) in enumerate(zip(self._factors, self.in_shape, strict=True)):
            parts = [y[_at(axis, slice(i, None, factor))] for i in range(factor)]
            total = self._H.backend.zeros((*y.shape[:axis], n, *y.shape[axis + 1 :]), self._H.dtype)
            for part in parts:
                total[_at(axis, slice(0, part.shape[axis]))] += part
            y = total / factor
        return y

    def mean(self, y: Array) -> float:
        """Of the pixels behind a binned image."""
        total, count = (float(self.xp.sum(v, dtype=self.xp.float64)) for v in (y, self.share))
        return total / count

    def finished(self, y: Array, coarse: Array) -> Array:
        """The image on the grid of the fine blur, interpolated coarse pixels where there is none."""
        H, ndim = self._H, y.ndim
        out = H.backend.zeros(H.grid, H.dtype)
        if H.weight is not None:
            under = self._interpolated(coarse, [(0, n) for n in H.out_shape])
            y = self.xp.where(H.weight > 0, y, self.xp.maximum(under, y))  # a saturated pixel has at least its level
        out[tuple(slice(0, n) for n in H.out_shape)] = y
        for axis in range(ndim):
            box = [(H.out_shape[i] if i == axis else 0, H.out_shape[i] if i < axis else H.grid[i]) for i in range(ndim)]
            if box[axis][0] < box[axis][1]:
                out[tuple(slice(*side) for side in box)] = self._interpolated(coarse, box)
        return out

    def _interpolated(self, coarse: Array, box: list[tuple[int, int]]) -> Array:
        """Coarse pixels on fine ones in a box, linearly."""
        growth = [(stop - start) / n for n, (start, stop) in zip(self.in_shape, box, strict=True)]
        for axis in sorted(range(len(box)), key=lambda i: (growth[i], -i)):  # the most work on the smallest arrays
            coarse = self._finer(coarse, axis, *box[axis])
        return coarse

    def _finer(self, coarse: Array, axis: int, start: int, stop: int) -> Array:
        """Fine pixels from `start` to `stop` along an axis, between coarse pixels, which form a ring."""
        n, factor = self.in_shape[axis], self._factors[axis]
        first, count = start // factor, -(-stop // factor) - start // factor
        wanted = self._H.backend.asarray(np.arange(first - 1, first + count + 1) % n, self.xp.int64)
        near = self.xp.take(coarse, wanted, axis=axis)
        rise = near[_at(axis, slice(1, None))] - near[_at(axis, slice(None, -1))]
        fine = self._H.backend.zeros((*near.shape[:axis], count * factor, *near.shape[axis + 1 :]), self._H.dtype)
        for i in range(factor):
            place = (i + 0.5) / factor + 0.5
            here = _at(axis, slice(int(place), int(place) + count))
            fine[_at(axis, slice(i, None, factor))] = near[here] + rise[here] * (place - int(place))
        return fine[_at(axis, slice(start - first * factor, stop - first * factor))]


def _smooth(H: Blur) -> tuple[int, ...]:
    """Sides of the largest coarse voxels that can show all, but for next to nothing, of what the blur passes."""
    sides = []
    for axis, (n, p) in enumerate(zip(H.grid, H.kernel.shape, strict=True)):
        kernel, rounds = np.moveaxis(H.kernel, axis, -1), -(-p // n)  # a kernel may be longer than the ring
        sizes = (*(scipy.fft.next_fast_len(size) for size in kernel.shape[:-1]), rounds * n)
        passed = np.abs(scipy.fft.rfftn(kernel, sizes)[..., ::rounds]) > FINE * H.kernel.sum()
        highest = int(np.flatnonzero(passed.any(axis=tuple(range(passed.ndim - 1))))[-1])
        sides.append(min(COARSEST, n // (2 * highest + 1)))
    return tuple(sides)


def _divisor(n: int, most: int) -> int:
    """The largest divisor up to `most`."""
    return max(factor for factor in range(1, most + 1) if n % factor == 0)


def _coarse_kernel(H: Blur, grid: tuple[int, ...], smooth: tuple[bool, ...]) -> Array:
    """The PSF, centre at index 0, on the coarse grid: what a coarse pixel gets from a coarse voxel."""
    kernel = H.kernel
    for n, m, cut, p in zip(H.grid, grid, smooth, H.kernel.shape, strict=True):
        share = _low_pass if cut else _overlap
        kernel = np.tensordot(kernel, share(n, m, np.arange(p) - p // 2), axes=((0,), (1,)))  # the axis goes to the end
    kernel = np.maximum(kernel, 0.0)  # the cut spectrum makes a little of it negative
    return H.backend.asarray(kernel / kernel.sum(), H.dtype)


def _low_pass(n: int, m: int, at: NDArray[Any]) -> NDArray[Any]:
    """Samples at `m` points of a ring of length `n` of points at `at` of which the frequencies that fit are left."""
    turn = np.pi * (np.arange(m)[:, None] / m - at / n)
    below = (np.sin if m % 2 else np.tan)(turn)
    here = np.abs(np.sin(turn)) < 1e-9
    share: NDArray[Any] = np.where(here, 1.0, np.sin(m * turn) / (m * np.where(here, 1.0, below)))
    return share


def _overlap(n: int, m: int, at: NDArray[Any]) -> NDArray[Any]:
    """Shares that `m` coarse pixels on a ring of length `n` have of a coarse voxel moved by `at`."""
    away = (np.arange(m)[:, None] * (n // m) - at) % n
    share: NDArray[Any] = np.maximum(0, 1 - np.minimum(away, n - away) * m / n)
    return share


def _at(axis: int, where: slice) -> tuple[Any, ...]:
    return (*(slice(None),) * axis, where, Ellipsis)
