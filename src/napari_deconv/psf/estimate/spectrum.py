"""The power spectrum of a picture, patch by patch: what the parametric estimates look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...backend import numpy_backend

SIZE, SMALL = 128, 64  # sides of a patch; the small one for pictures below LEAST_FOR_LARGE
LEAST_FOR_LARGE = 192
PATCHES = 100  # those with most structure, of larger pictures
LOWEST = 2.5  # cycles per patch: below, window and trend dominate
FLOOR = 0.04  # of the picture's standard deviation: what is fainter (JPEG, rounding) is drowned in noise of that size
SATURATED = 0.02  # share of the pixels of a patch at the largest value

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Power of the patches of a picture at the frequencies of a half-plane, zero and the corners left out.

    Parameters
    ----------
    power : array, shape (patches, points)
        Squared Fourier coefficients, in units of the picture's variance.
    frequency, direction : array, shape (points,)
        Cycles per pixel, and radians counter-clockwise from the columns' axis.
    index : tuple of array
        Where the points lie in the half spectrum of a patch.
    size : int
        Side of a patch, pixels.
    """

    power: Array
    frequency: Array
    direction: Array
    index: tuple[NDArray[Any], ...]
    size: int

    @property
    def mean(self) -> Array:
        """Average over the patches."""
        found: Array = self.power.mean(axis=0)
        return found

    def below(self, limit: float) -> Spectrum:
        """Only the frequencies up to `limit` cycles per pixel."""
        kept = self.frequency <= limit
        return replace(
            self,
            power=self.power[:, kept],
            frequency=self.frequency[kept],
            direction=self.direction[kept],
            index=tuple(i[kept] for i in self.index),
        )

    def transfer(self, kernel: NDArray[Any]) -> Array:
        """|K|² of a symmetric blur at the points, smeared as the window smears the spectrum of a patch."""
        wide = np.zeros((self.size, self.size))
        wide[: kernel.shape[0], : kernel.shape[1]] = kernel
        power = np.abs(numpy_backend().fft.rfftn(wide)) ** 2
        power = _blend(power, np.roll(power, 1, 0), np.roll(power, -1, 0))
        mirrored = np.roll(power[::-1], 1, 0)  # the other half plane: |K(-f)| = |K(f)|
        left = np.concatenate([mirrored[:, 1:2], power[:, :-1]], axis=1)
        right = np.concatenate([power[:, 1:], mirrored[:, -2:-1]], axis=1)
        found: Array = _blend(power, left, right)[self.index]
        return found


def _blend(middle: Array, before: Array, after: Array) -> Array:
    """What a Hann window does to a spectrum along one axis."""
    return middle * (2 / 3) + (before + after) / 6


def spectrum(image: Array) -> Spectrum:
    """Windowed periodograms of overlapping patches (Welch), at most `PATCHES` of those with most structure.

    Parameters
    ----------
    image : array, shape (rows, columns)
        Linear light; not constant.

    References
    ----------
    .. [1] P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967).
    """
    size = SIZE if min(image.shape) >= LEAST_FOR_LARGE else SMALL
    corners = _chosen(image, size)
    scale = float(image.std())
    taper = np.sin(np.pi * (np.arange(size) + 0.5) / size) ** 2
    window = np.multiply.outer(taper, taper)
    window /= np.sqrt((window**2).sum())
    rows, columns = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    frequency = np.hypot(rows, columns)
    inside = (frequency * size >= LOWEST) & (frequency <= 0.5) & (rows > -0.5) & ((columns > 0) | (rows > 0))
    power = [_periodogram(image[r : r + size, c : c + size] / scale, window)[inside] for r, c in corners]
    index = np.nonzero(inside)
    return Spectrum(np.array(power) + FLOOR**2, frequency[inside], np.arctan2(-rows, columns)[inside], index, size)


def _periodogram(patch: Array, window: Array) -> Array:
    """Squared coefficients of a patch without its mean and its slope."""
    line = np.arange(len(patch)) - (len(patch) - 1) / 2
    weight = window**2
    flat = patch - (patch * weight).sum()  # the weights sum to 1, and line is odd where they are even
    steep = (weight.sum(1) * line**2).sum()
    flat = flat - np.add.outer(line * ((flat * weight).sum(1) @ line), line * ((flat * weight).sum(0) @ line)) / steep
    found: Array = np.abs(numpy_backend().fft.rfftn(flat * window)) ** 2
    return found


def _chosen(image: Array, size: int) -> list[tuple[int, int]]:
    """Corners of half-overlapping patches: unsaturated if there are such, those with most structure if many."""
    rows, columns = (_starts(n, size) for n in image.shape)
    corners = [(r, c) for r in rows for c in columns]
    patches = [image[r : r + size, c : c + size] for r, c in corners]
    top = float(image.max())
    clear = [bool((p >= top).mean() <= SATURATED) for p in patches]
    if sum(clear) >= min(4, len(corners)):
        corners = [corner for corner, fine in zip(corners, clear, strict=True) if fine]
        patches = [patch for patch, fine in zip(patches, clear, strict=True) if fine]
    if len(corners) <= PATCHES:
        return corners
    structure = [np.var(np.diff(p, axis=0)) + np.var(np.diff(p, axis=1)) for p in patches]
    return [corners[i] for i in sorted(np.argsort(structure)[-PATCHES:])]


def _starts(length: int, size: int) -> list[int]:
    count = -(-(length - size) // (size // 2)) + 1
    return [int(s) for s in np.rint(np.linspace(0, length - size, count))]
