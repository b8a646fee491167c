"""The pedestal and the noise around a measured PSF."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SMALLEST = 15  # pixels
FLAT = 0.75  # of the border
DARK = 0.5  # of the level
FAINT = 0.25  # of the peak
CERTAIN = 4.0  # standard errors
NOISE_SMOOTHING = 1.5  # pixels
LOPSIDED = 0.7  # of the mean
NOISE_LIMIT = 3.0  # standard deviations

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pedestal:
    """What lies below a measured PSF: the camera's level, and how far its pixels scatter."""

    level: float
    scatter: float


def find_pedestal(values: Array, peak: tuple[int, ...]) -> Pedestal | None:
    """The constant level on which a measured PSF stands, or None for one that stands on zero.

    Negative if too much was subtracted.

    Only the plane of the maximum is looked at: out of focus the light of the PSF itself fills the border. Computed
    tails fall on the way out, about like the radius to the power -3, and have dark rings; a camera's offset does
    neither. So it is a pedestal if the median of the outermost ring of pixels

    - less what a tail of the power -3 through it and through a ring a quarter of the side further in has there, is more
      than four standard errors away from zero and less than a quarter of the peak,
    - that is at least 75 % of it,
    - and hardly any pixel, after averaging over its neighbours, is darker than half of it (twice, if negative).

    Parameters
    ----------
    values : array, 1 to 3 axes
        The PSF.
    peak : tuple of int
        Index of its maximum.

    Returns
    -------
    Pedestal or None
        None also for one axis, and below 15 pixels a side: too few pixels to tell.
    """
    if _too_small(values.shape):
        return None
    plane = values[peak[:-2]]
    outer, inner = _rings(plane)
    border, scatter = float(np.median(outer)), _scatter(outer)
    level = min(border, _below_tail(border, float(np.median(inner)), min(plane.shape)))
    dark = float(np.percentile(ndimage.gaussian_filter(plane, 1.0), 5))
    certain = abs(level) > CERTAIN * 1.2533 * scatter / np.sqrt(outer.size)
    if not certain or abs(level) >= FAINT * plane.max():
        return None
    if level * border <= 0 or level / border < FLAT or dark < (DARK if level > 0 else 1 / DARK) * level:
        return None
    return Pedestal(level, scatter)


def pedestal_at(values: Array, peak: tuple[int, ...], level: float) -> Pedestal:
    """A pedestal of known height; its scatter is measured in the border."""
    if _too_small(values.shape):
        return Pedestal(level, 0.0)
    return Pedestal(level, _scatter(_rings(values[peak[:-2]])[0]))


def remove_pedestal(values: Array, peak: tuple[int, ...], pedestal: Pedestal) -> tuple[Array, float]:
    """`values` above the pedestal, zero where noise prevails, and the share of energy given up."""
    above = values - pedestal.level
    if pedestal.scatter == 0 or above.min() >= 0:
        return np.maximum(above, 0), 0.0
    return keep_support(above, support(above, peak))


def support(above: Array, peak: tuple[int, ...]) -> NDArray[np.bool_]:
    """Where a measured PSF stands out of its noise.

    Clipping noise at zero would leave its positive half: in a large stack that is more light than the bead
    has. So only the connected region around the peak counts where the average over a few pixels is more than
    three of its own standard deviations above the border's.
    """
    smooth = ndimage.gaussian_filter(above, NOISE_SMOOTHING, mode="nearest")
    # the border gives the noise after smoothing, however it is correlated, and its mean if it was clipped at zero
    border = np.zeros(1) if _too_small(above.shape) else _rings(smooth[peak[:-2]])[0]
    regions, _ = ndimage.label(smooth - np.median(border) > NOISE_LIMIT * _scatter(border))
    inside: NDArray[np.bool_] = regions == regions[peak]
    return inside if regions[peak] else np.ones(above.shape, dtype=bool)


def find_noise(above: Array, peak: tuple[int, ...]) -> float:
    """Standard deviation of the noise around a measured PSF whose level was subtracted; 0 if there is none to speak of.

    Half the difference between the plane of the maximum and itself turned by 180 degrees about the maximum holds noise
    and no light of a round PSF. It is measured in the outermost ring, and believed where it is larger than 0.7 of the
    mean of the ring: a lopsided tail has less difference than light, noise clipped at zero as much.
    """
    if _too_small(above.shape):
        return 0.0
    plane = above[peak[:-2]]
    reach = [min(p, n - 1 - p) for p, n in zip(peak[-2:], plane.shape, strict=True)]
    around = plane[tuple(slice(p - r, p + r + 1) for p, r in zip(peak[-2:], reach, strict=True))]
    if _too_small(around.shape):
        return 0.0
    outer = _rings((around - around[::-1, ::-1]) / 2)[0]
    noise = float(np.sqrt(2) * _scatter(outer))
    return noise if noise > LOPSIDED * abs(float(_rings(around)[0].mean())) else 0.0


def keep_support(above: Array, inside: NDArray[np.bool_]) -> tuple[Array, float]:
    """`above` where it is positive and inside, zero elsewhere, and the share of energy given up."""
    lost = max(0.0, float(above[~inside].sum() / max(above.sum(), 1e-30)))
    return np.where(inside, np.maximum(above, 0), 0), lost


def describe(before: Array, after: Array, pedestal: Pedestal, scale: float, lost: float) -> list[str]:
    """Sentences on what was removed; `scale` is the unit of the values."""
    level, noise = pedestal.level * scale, pedestal.scatter * scale
    said = [f"background of {level:.6g} (noise {noise:.3g}) subtracted"] if level else []
    zeroed = float(np.mean((after == 0) & (before != pedestal.level)))
    if zeroed:
        said.append(
            f"{zeroed:.1%} of the samples do not stand out of it and were set to zero ({lost:.1%} of the energy)"
        )
    return said


def _below_tail(outer: float, inner: float, side: int) -> float:
    """The constant under a tail that falls like the radius to the power -3 through two rings."""
    width = _ring_width(side)
    closer = (side / 2 - side // 4 + width / 2) / (side / 2 - width / 2)
    return (outer - closer**3 * inner) / (1 - closer**3)


def _too_small(shape: tuple[int, ...]) -> bool:
    """Whether the planes have no border that is free of signal."""
    return len(shape) < 2 or min(shape[-2:]) < SMALLEST


def _rings(plane: Array) -> tuple[Array, Array]:
    """Pixels of the outermost sixteenth of the side, and of a ring a quarter of the side further in."""
    sides = [np.minimum(np.arange(n), n - 1 - np.arange(n)) for n in plane.shape]
    depth = np.minimum.outer(*sides)
    width = _ring_width(min(plane.shape))
    quarter = min(plane.shape) // 4
    return plane[depth < width], plane[(depth > quarter - width) & (depth <= quarter)]


def _ring_width(side: int) -> int:
    return max(1, side // 16)


def _scatter(values: Array) -> float:
    """Standard deviation by the median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
