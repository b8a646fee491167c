"""Does the result, blurred again, give the image back within its noise? A map of where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import uniform_filter
from scipy.special import gammainccinv

from ..camera import Camera
from ..operators import Blur
from .noise import expected_noise, given_noise
from .pictures import checked
from .reblur import predicted

WINDOWS = {1: 31, 2: 11, 3: 7}  # samples a side: more blur the map, fewer leave its threshold far above 1
CHANCE = 0.01

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fidelity:
    """Where a result contradicts the image it was made from.

    Parameters
    ----------
    map : array, float32, shape of the image
        Local chi-square: 1 where the residual is as large as the noise, above where something is not explained.
    threshold : array, float32, shape of the image
        What noise alone exceeds in `chance` of the windows.
    flagged : float
        Share of the image where the map exceeds it. About `chance` or less for a right PSF and a finished estimate.
    chi_square : float
        Of the whole image. Below 1 because the estimate was fitted to the noise too; far below, to most of it.
    chance : float
        Nominal share.
    sigma : array, float32, shape of the image
        Standard deviation of the noise that is expected in each pixel, counts.
    noise : str
        Where the expected noise comes from.
    notes : tuple of str
        What to know before believing it.
    """

    map: NDArray[np.float32]
    threshold: NDArray[np.float32]
    flagged: float
    chi_square: float
    chance: float
    sigma: NDArray[np.float32]
    noise: str
    notes: tuple[str, ...]

    def border(self, width: int) -> tuple[float, float]:
        """Flagged share of the outermost `width` lateral samples, and of the rest."""
        rim = np.ones(self.map.shape, bool)
        middle: tuple[Any, ...] = (..., *(slice(width, max(n - width, width)) for n in self.map.shape[-2:]))
        rim[middle] = False
        flagged = self.map > self.threshold
        return float(flagged[rim].mean()), float(flagged[~rim].mean()) if not rim.all() else 0.0


def fidelity(
    image: Any,
    estimate: Any,
    H: Blur,
    *,
    camera: Camera | None = None,
    sigma: ArrayLike | None = None,
    background: float = 0.0,
    steps: int = 0,
    window: int | Sequence[int] | None = None,
    chance: float = CHANCE,
) -> Fidelity:
    r"""The local chi-square of the re-blurred estimate against the image.

    .. math:: \chi^2 = \frac{\langle (y - (H x + b))^2 \rangle}{\langle \sigma^2(H x + b) \rangle}

    with means over windows. For pure noise it is distributed about 1 with the variance :math:`\langle 2 \sigma^4 +
    \kappa_4 \rangle / (n \langle \sigma^2 \rangle^2)` (:math:`\kappa_4`: fourth cumulant of shot noise, which counts
    where there are few photons); the threshold is the upper quantile of the Gamma distribution of this mean and
    variance.

    The test has one side. An estimate is fitted, so its residual is smaller than the noise and the flagged share of a
    right one at or below nominal. What a PSF explains, it explains even if it is wrong: one that is **too narrow**
    leaves a blurred object behind that fits perfectly, and no residual can tell. One that is too wide predicts a
    smoother image than there is, and is flagged where the image shows something. An estimate of too few iterations is
    flagged as well: with `steps`, iterations are added first, and what is still flagged lies at the PSF or the camera.

    Parameters
    ----------
    image : array, 1 to 3 axes
        Counts.
    estimate : array
        Shape of the image, or ``H.in_shape``.
    H : Blur
        The blur that was undone. Pixels under its mask do not count.
    camera : Camera, optional
        Gain, offset (`background` if unknown) and read noise (0). Without gain, the noise is measured in the finest
        detail of the residual.
    sigma : float or array, shape of the image, optional
        Standard deviation of the noise, counts, if it is known by other means; then the camera is not asked.
    background : float
        As in the deconvolution.
    steps : int
        Accelerated Richardson-Lucy steps to take from the estimate before it is judged.
    window : int or sequence of int, optional
        Samples a side; 11 in pictures, 7 in stacks.
    chance : float
        Nominal flagged share of pure noise.

    Raises
    ------
    ValueError
        If shapes do not fit, pixels are not finite, the image is constant, or a parameter is out of range.

    References
    ----------
    .. [1] P. R. Bevington, D. K. Robinson, Data Reduction and Error Analysis (2003): chi-square as a test of fit.
    """
    y = checked(image, varied=True)
    x = checked(estimate, name="estimate", ndim=y.ndim)
    if y.shape != H.out_shape:
        raise ValueError(f"image has shape {y.shape} but H makes images of {H.out_shape}; pass the H of this image")
    sides = _window(window, y.shape)
    if steps < 0 or not 0 < chance < 1:
        raise ValueError(f"steps is 0 or more and chance between 0 and 1, got {steps} and {chance}")
    p = predicted(y.astype(np.float32), x, H, background, steps)
    counted = np.ones(y.shape) if H.weight is None else np.asarray(H.backend.to_host(H.weight), np.float64)
    residual = (y - p) * counted
    noise = expected_noise(camera, p, residual, background) if sigma is None else given_noise(sigma, y.shape)
    variance, fourth = noise.variance * counted, noise.fourth * counted

    def mean(values: Array) -> Array:
        return np.asarray(uniform_filter(values, sides, mode="mirror"))

    expected, seen = mean(variance), (counted > 0) & (mean(counted) > 0.5 / np.prod(sides))
    safe = np.where(seen, expected, 1.0)
    chi = np.where(seen, mean(residual**2) / safe, 1.0)
    spread = mean(2 * variance**2 + fourth) / (float(np.prod(sides)) * safe**2)
    threshold = _quantile(np.where(seen, spread, 1.0), chance)
    flagged = (chi > threshold) & (counted > 0)
    return Fidelity(
        map=chi.astype(np.float32),
        threshold=threshold.astype(np.float32),
        flagged=float(flagged.sum() / counted.sum()),
        chi_square=float((residual**2).sum() / variance.sum()),
        chance=chance,
        sigma=np.sqrt(noise.variance).astype(np.float32),
        noise=noise.origin,
        notes=_notes(sigma is not None or (camera is not None and camera.gain is not None), y.shape, x.shape, H),
    )


def _notes(known: bool, image: tuple[int, ...], estimate: tuple[int, ...], H: Blur) -> tuple[str, ...]:
    notes = []
    if not known:
        notes.append(
            "noise measured in the residual itself: if neighbouring pixels share noise, it is larger than that"
        )
    if estimate == image and H.in_shape != image:
        notes.append("light from outside the view was fitted: near the borders less can be contradicted")
    return tuple(notes)


def _window(window: int | Sequence[int] | None, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Odd sides, no longer than the image."""
    asked = np.broadcast_to(WINDOWS[len(shape)] if window is None else np.asarray(window), (len(shape),))
    if asked.dtype.kind not in "iu" or asked.min() < 1:
        raise ValueError(f"window is a number of samples, 1 or more, or one per axis, got {window}")
    return tuple(min(int(w), n) // 2 * 2 + 1 if min(int(w), n) % 2 else min(int(w), n) - 1 or 1
                 for w, n in zip(asked, shape, strict=True))  # fmt: skip


def _quantile(spread: Array, chance: float) -> Array:
    """Upper quantile of Gamma distributions of mean 1 and these variances, from a table along their logarithm."""
    low, high = (float(np.log(v)) for v in (spread.min(), spread.max()))
    table = np.linspace(low, high + 1e-9, 256)
    shape = np.exp(-table)
    return np.asarray(np.interp(np.log(spread), table, gammainccinv(shape, chance) / shape))
