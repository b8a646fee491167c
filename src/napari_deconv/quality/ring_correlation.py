"""Fourier ring and shell correlation: up to which frequency two pictures of one scene agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.fft
from numpy.typing import ArrayLike, NDArray

from .pictures import checked

Threshold = Literal["1/7", "half-bit", "2-sigma"]
Along = Literal["all", "lateral", "axial"]
IN_A_ROW = 2  # rings that must lie below the threshold: a single one falls below by chance
SHARED = 3.8  # coefficients that a Hann window in two axes makes one
SIGNIFICANT = 3.0  # standard deviations: what agrees less, in all rings up to the crossing together, agrees by chance


@dataclass(frozen=True, eq=False)
class Correlation:
    """The correlation of two pictures against spatial frequency.

    Parameters
    ----------
    frequency : array
        Middle of each ring, periods per unit of length; the first is 0.
    correlation : array
        From -1 to 1; 1 where both pictures show the same.
    samples : array
        Fourier coefficients in each ring, both halves of the spectrum counted.
    unit : {"um", "px"}
        Of lengths.
    """

    frequency: NDArray[np.float64]
    correlation: NDArray[np.float64]
    samples: NDArray[np.float64]
    unit: str

    def threshold(self, name: Threshold = "1/7") -> NDArray[np.float64]:
        r"""The correlation that counts as agreement, ring by ring.

        Parameters
        ----------
        name : {"1/7", "half-bit", "2-sigma"}
            "1/7": a signal as strong as the noise in the two halves taken together [1]_. "half-bit": half a bit of
            information per coefficient [2]_; stricter in small rings. "2-sigma": more than chance,
            :math:`2 / \sqrt{n / 2}`, the most lenient in large ones.

        References
        ----------
        .. [1] P. B. Rosenthal, R. Henderson, J. Mol. Biol. 333, 721 (2003).
        .. [2] M. van Heel, M. Schatz, J. Struct. Biol. 151, 250 (2005).
        """
        root = np.sqrt(self.samples)
        if name == "1/7":
            return np.full(root.shape, 1 / 7)
        if name == "half-bit":
            return (0.2071 + 1.9102 / root) / (1.2071 + 0.9102 / root)
        if name == "2-sigma":
            return np.minimum(2 * math.sqrt(2) / root, 1.0)
        raise ValueError(f"unknown threshold {name!r}; known: 1/7, half-bit, 2-sigma")

    def crossing(self, threshold: Threshold = "1/7") -> float | None:
        """Frequency at which agreement ends, interpolated; 0 if there is none, None if it reaches the last ring."""
        above = self.correlation - self.threshold(threshold)
        below = above[1:] < 0  # the ring around frequency 0 says nothing: the mean was taken away
        runs = np.convolve(below, np.ones(IN_A_ROW, int), "valid") == IN_A_ROW if below.size >= IN_A_ROW else below
        if not runs.any():
            return None
        first = 1 + int(np.argmax(runs))
        counts, agreed = self.samples[1:first], self.correlation[1:first]
        if float(counts @ agreed) <= SIGNIFICANT * math.sqrt(2 * SHARED * float(counts.sum())):
            return 0.0
        left, right = above[first - 1], above[first]
        share = left / (left - right) if left > 0 else 0.0
        return float(self.frequency[first - 1] + share * (self.frequency[first] - self.frequency[first - 1]))

    def resolution(self, threshold: Threshold = "1/7") -> float | None:
        """The smallest period on which both pictures agree, in `unit`; inf if none, None if all up to the sampling."""
        end = self.crossing(threshold)
        return None if end is None else math.inf if end == 0 else 1 / end


def ring_correlation(a: ArrayLike, b: ArrayLike, *, spacing: float | Sequence[float] | None = None) -> Correlation:
    r"""The Fourier ring correlation of two pictures of the same scene with independent noise.

    .. math:: \mathrm{FRC}(f) = \frac{\sum A \bar B}{\sqrt{\sum |A|^2 \sum |B|^2}}

    over the coefficients of a ring. The pictures lose their mean and are brought to zero at their borders by a Hann
    window, so that a jump from one border to the other does not pass for detail.

    Parameters
    ----------
    a, b : array, 2-D, same shape
        Pictures. At least 16 pixels a side.
    spacing : float or sequence of float, optional
        Micrometres per pixel (y, x). Without it frequencies are in periods per pixel.

    Returns
    -------
    Correlation
        Rings as wide as the shorter side allows, up to the coarser axis' Nyquist frequency.

    Raises
    ------
    ValueError
        If the pictures are not 2-D, differ in shape, are constant, too small, or hold NaN.

    References
    ----------
    .. [1] W. O. Saxton, W. Baumeister, J. Microsc. 127, 127 (1982).
    .. [2] R. P. J. Nieuwenhuizen et al., Nat. Methods 10, 557 (2013).

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.normal(size=(2, 64, 64))
    >>> ring_correlation(noise[0], noise[1]).crossing()
    0.0
    """
    pair, steps, unit = _pair(a, b, spacing, 2)
    frequencies = _frequencies(pair[0].shape, steps)
    return _correlated(pair, np.sqrt(sum(f**2 for f in frequencies)), *_rings(pair[0].shape, steps), unit)


def shell_correlation(
    a: ArrayLike, b: ArrayLike, *, spacing: Sequence[float] | None = None, along: Along = "all"
) -> Correlation:
    """The Fourier shell correlation of two stacks; voxels need not be cubes, shells are spheres in 1/um.

    Parameters
    ----------
    a, b : array, 3-D (ZYX), same shape
        Stacks, at least 8 planes of 16 x 16.
    spacing : sequence of float, optional
        Micrometres per voxel (z, y, x). Without it frequencies are in periods per voxel.
    along : {"all", "lateral", "axial"}
        "all": spherical shells, up to the coarsest axis' Nyquist frequency: one number for stacks with cubic
        resolution. A microscope's is not: "lateral" takes rings in the plane :math:`k_z = 0` and its neighbours,
        "axial" slices of equal :math:`|k_z|`, over the lateral frequencies on which the stacks agree (where a
        widefield microscope carries its axial detail: along the axis itself it carries none).

    Returns
    -------
    Correlation
        Of these shells, rings or slices.

    Raises
    ------
    ValueError
        As `ring_correlation`.

    References
    ----------
    .. [1] G. Harauz, M. van Heel, Optik 73, 146 (1986).
    .. [2] R. P. J. Nieuwenhuizen et al., Nat. Methods 10, 557 (2013): slices of one direction.
    """
    pair, steps, unit = _pair(a, b, spacing, 3)
    shape = pair[0].shape
    z, y, x = _frequencies(shape, steps)
    lateral = np.sqrt(y**2 + x**2)
    if along == "all":
        return _correlated(pair, np.sqrt(z**2 + lateral**2), *_rings(shape, steps), unit)
    ring, end = _rings(shape[1:], steps[1:])
    slab = 1 / (shape[0] * steps[0])
    in_plane = np.where(np.abs(z) < 1.5 * slab, lateral, np.inf)
    if along == "lateral":
        return _correlated(pair, in_plane, ring, end, unit)
    if along != "axial":
        raise ValueError(f"unknown direction along={along!r}; known: all, lateral, axial")
    agreed = _correlated(pair, in_plane, ring, end, unit).crossing()
    band = np.where(lateral <= (end if agreed is None else max(agreed, ring)), np.abs(z), np.inf)
    return _correlated(pair, band, slab, 0.5 / steps[0], unit)


def _pair(
    a: ArrayLike, b: ArrayLike, spacing: float | Sequence[float] | None, ndim: int
) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[float, ...], str]:
    """Both pictures checked and windowed, the spacing of each axis, and its unit."""
    first, second = (checked(picture, ndim=ndim, varied=True) for picture in (a, b))
    least = (8, 16, 16)[-ndim:]
    if first.shape != second.shape:
        raise ValueError(f"the pictures have different shapes, {first.shape} and {second.shape}; crop them alike")
    if any(n < m for n, m in zip(first.shape, least, strict=True)):
        raise ValueError(f"pictures of {first.shape} are too small to correlate rings; at least {least} are needed")
    steps = np.broadcast_to(1.0 if spacing is None else np.asarray(spacing, float), (ndim,))
    if not np.isfinite(steps).all() or steps.min() <= 0:
        raise ValueError(f"spacing needs positive micrometres, one number per axis, got {spacing}")
    windowed = (_windowed(first), _windowed(second))
    return windowed, tuple(float(s) for s in steps), "px" if spacing is None else "um"


def _windowed(picture: NDArray[Any]) -> NDArray[np.float64]:
    """Without its mean, and falling to zero at its borders (a Hann window in every axis)."""
    window = np.ones(())
    for n in picture.shape:
        window = window[..., None] * np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 2
    values = picture.astype(np.float64)
    return np.asarray((values - np.average(values, weights=window)) * window)


def _frequencies(shape: tuple[int, ...], steps: Sequence[float]) -> list[NDArray[np.float64]]:
    """Frequency of each coefficient along each axis of the half spectrum, ready to broadcast."""
    last = len(shape) - 1
    found = []
    for axis, (n, step) in enumerate(zip(shape, steps, strict=True)):
        line = scipy.fft.rfftfreq(n, step) if axis == last else scipy.fft.fftfreq(n, step)
        found.append(line.reshape([-1 if i == axis else 1 for i in range(len(shape))]))
    return found


def _rings(shape: tuple[int, ...], steps: Sequence[float]) -> tuple[float, float]:
    """Width of a ring and the frequency where they end."""
    return max(1 / (n * s) for n, s in zip(shape, steps, strict=True)), 0.5 / max(steps)


def _correlated(
    pair: tuple[NDArray[Any], NDArray[Any]], radius: NDArray[Any], width: float, end: float, unit: str
) -> Correlation:
    """Sums over rings of `radius` (infinite: in no ring)."""
    a, b = (scipy.fft.rfftn(picture) for picture in pair)
    count = int(end / width * (1 + 1e-9)) + 1
    ring = np.minimum(np.broadcast_to(radius, a.shape) / width + 0.5, count).astype(np.int64)
    twice = np.full(a.shape[-1], 2.0)  # the half of the spectrum that is not stored
    twice[0] = 1
    twice[-1] = 1 if pair[0].shape[-1] % 2 == 0 else 2
    weight = np.broadcast_to(twice, a.shape)

    def over_rings(values: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(ring.ravel(), (values * weight).ravel(), count + 1)[:count].astype(np.float64)

    power = np.sqrt(over_rings(np.abs(a) ** 2) * over_rings(np.abs(b) ** 2))
    shared = over_rings((a * b.conj()).real)
    found = np.divide(shared, power, out=np.zeros(count), where=power > 0)
    return Correlation(width * np.arange(count, dtype=np.float64), found, over_rings(np.ones(a.shape)), unit)
