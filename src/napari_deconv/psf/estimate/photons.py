"""From camera units to photons, and photons parted at random into two independent images."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..checks import finite, number

BINS = 24  # of brightness, in which the noise is measured
FEWEST = 30  # pixels in one of them
SPREAD = 2.0  # standard deviations of the noise that the brightness must span; local means of noise alone span one
ENOUGH = 2**21  # pixels that tell the noise
HIGH_PASS = (-0.4829629131, 0.8365163037, -0.2241438680, -0.1294095226)  # of the four-tap Daubechies wavelet
PART = 40_000  # voxels of the part of an image that is looked at

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Halves:
    """Two images with half of the photons each, independent of one another.

    Parameters
    ----------
    fit, check : array of float32
        Photon counts. One is deconvolved, the other judges the result.
    background : float
        Photons per pixel that do not come through the PSF, of each half.
    """

    fit: NDArray[np.float32]
    check: NDArray[np.float32]
    background: float


def photons(pixels: Array, gain: float | None, background: float | None) -> tuple[Array, float, float]:
    r"""An image in units in which its variance equals its mean, as for counted photons.

    Gain and what is added to the photons are read from the noise itself: the variance of the finest diagonal detail,
    which no microscope resolves, is a straight line over the brightness [1]_, :math:`g \mu + v`. Then
    :math:`y / g + v / g^2` has equal mean and variance, read noise included [2]_.

    Parameters
    ----------
    pixels : array
        Image, camera units.
    gain : float or None
        Camera units per photon; None: from the noise. If it is given, :math:`v` is taken to be 0.
    background : float or None
        Camera units without light; None: not known, and left to the object.

    Returns
    -------
    counts : array
        Photons, not negative.
    background : float
        The same in photons.
    gain : float
        The gain used.

    References
    ----------
    .. [1] A. Foi, M. Trimeche, V. Katkovnik, K. Egiazarian, IEEE Trans. Image Process. 17, 1737 (2008).
    .. [2] D. L. Snyder, A. M. Hammoud, R. L. White, J. Opt. Soc. Am. A 10, 1014 (1993).
    """
    slope, rest = noise_line(pixels) if gain is None else (number("gain", gain), 0.0)
    shift = rest / slope**2
    dark = 0.0 if background is None else max(0.0, finite("background", background) / slope + shift)
    return np.maximum(pixels / slope + shift, 0), dark, slope


def noise_line(pixels: Array) -> tuple[float, float]:
    """Slope and intercept of the noise variance over brightness; through zero if the line says nothing."""
    thin = max(1, pixels.size // ENOUGH) if pixels.ndim == 3 else 1
    detail = mean = pixels[::thin]
    for axis in (-2, -1):
        detail = ndimage.correlate1d(detail, HIGH_PASS, axis=axis, mode="nearest", origin=-1)
        mean = ndimage.uniform_filter1d(mean, 4, axis=axis, mode="nearest", origin=-1)
    order = np.argsort(mean, axis=None)
    groups = np.array_split(order, min(BINS, max(1, order.size // FEWEST)))
    level = np.array([mean.flat[g].mean() for g in groups])
    variance = np.array([_variance(detail.flat[g]) for g in groups])
    weight = 1 / np.maximum(variance, 1e-3 * variance.max() + 1e-300)
    through_zero = float(np.sum(weight * variance) / max(np.sum(weight * np.abs(level)), 1e-300))
    if len(groups) < 3 or level[-1] - level[0] < SPREAD * math.sqrt(float(np.median(variance))):
        return max(through_zero, 1e-12), 0.0
    slope, intercept = np.polyfit(level, variance, 1, w=weight)
    if slope <= 0.2 * through_zero:
        return max(through_zero, 1e-12), 0.0
    return float(slope), float(intercept)


def _variance(detail: Array) -> float:
    """Mean square without the largest twentieth, corrected for what Gaussian noise loses by that."""
    squares = np.sort(detail**2)
    kept = squares[: max(1, math.ceil(0.95 * squares.size))]
    return float(kept.mean()) / 0.759


def most_telling(counts: Array, limit: int = PART) -> tuple[slice, ...]:
    """The part of an image with the most contrast against its noise, of at most `limit` voxels."""
    deep = counts.shape[:-2]
    planes = tuple(min(n, 32) for n in deep)
    side = max(16, math.isqrt(limit // max(1, math.prod(planes))))
    sizes = (*planes, *(min(n, side) for n in counts.shape[-2:]))
    if sizes == counts.shape:
        return tuple(slice(0, n) for n in sizes)
    smooth = ndimage.gaussian_filter(counts, 3.0)
    telling = ndimage.gaussian_filter(counts, 1.0) - smooth
    score = ndimage.uniform_filter(telling**2 / (smooth + 1), sizes, mode="constant")
    inner = tuple(slice(s // 2, n - (s - s // 2) + 1) for s, n in zip(sizes, counts.shape, strict=True))
    best = np.unravel_index(int(np.argmax(score[inner])), score[inner].shape)
    return tuple(slice(int(i), int(i) + s) for i, s in zip(best, sizes, strict=True))


def halved(counts: Array, background: float, generator: np.random.Generator) -> Halves:
    """Every photon thrown into one of two images: the halves of a Poisson image are independent Poisson images."""
    fit = generator.binomial(np.rint(counts).astype(np.int64), 0.5).astype(np.float32)
    return Halves(fit, (np.rint(counts) - fit).astype(np.float32), background / 2)
