"""The pedestal and the noise around a measured PSF."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

SMALLEST = 15  # pixels
FLAT = 0.75  # of the level a quarter of the side further in
DARK = 0.5  # of the level
FAINT = 0.25  # of the peak
CERTAIN = 4.0  # standard errors
NOISE_SMOOTHING = 1.5  # pixels
NOISE_LIMIT = 3.0  # standard deviations

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pedestal:
    """What lies below a measured PSF: the camera's level, and how far its pixels scatter."""

    level: float
    scatter: float


def find_pedestal(values: Array, peak: tuple[int, ...]) -> Pedestal | None:
    """The constant level on which a measured PSF stands, or None for one that stands on zero.

    Only the plane of the maximum is looked at: out of focus the light of the PSF itself fills the border. Computed
    tails fall on the way out, about like the radius to the power -3, and have dark rings; a camera's offset does
    neither. So it is a pedestal if the median of the outermost ring of pixels

    - is more than four standard errors above zero, and less than a quarter of the peak,
    - is at least 75 % of the median of a ring a quarter of the side further in,
    - and hardly any pixel, after averaging over its neighbours, is darker than half of it.

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
    level, scatter = float(np.median(outer)), _scatter(outer)
    dark = float(np.percentile(ndimage.gaussian_filter(plane, 1.0), 5))
    certain = level > CERTAIN * 1.2533 * scatter / np.sqrt(outer.size)
    if not certain or level >= FAINT * plane.max():
        return None
    if level < FLAT * np.median(inner) or dark < DARK * level:
        return None
    return Pedestal(level, scatter)


def pedestal_at(values: Array, peak: tuple[int, ...], level: float) -> Pedestal:
    """A pedestal of known height; its scatter is measured in the border."""
    if _too_small(values.shape):
        return Pedestal(level, 0.0)
    return Pedestal(level, _scatter(_rings(values[peak[:-2]])[0]))


def remove_pedestal(values: Array, peak: tuple[int, ...], pedestal: Pedestal) -> tuple[Array, float]:
    """`values` above the pedestal, zero where noise prevails, and the share of energy given up.

    Clipping noise at zero would leave its positive half: in a large stack that is more light than the bead
    has. So only the connected region around the peak is kept where the average over a few pixels is more than
    three of its own standard deviations above the level.
    """
    above = values - pedestal.level
    if pedestal.scatter == 0 or above.min() >= 0:
        return np.maximum(above, 0), 0.0
    smooth = ndimage.gaussian_filter(above, NOISE_SMOOTHING, mode="nearest")
    # the border gives the noise after smoothing, however the camera's noise is correlated
    noise = pedestal_at(smooth, peak, 0.0).scatter
    regions, _ = ndimage.label(smooth > NOISE_LIMIT * noise)
    kept = regions == regions[peak] if regions[peak] else np.ones(values.shape, dtype=bool)
    lost = max(0.0, float(above[~kept].sum() / max(above.sum(), 1e-30)))
    return np.where(kept, np.maximum(above, 0), 0), lost


def _too_small(shape: tuple[int, ...]) -> bool:
    """Whether the planes have no border that is free of signal."""
    return len(shape) < 2 or min(shape[-2:]) < SMALLEST


def _rings(plane: Array) -> tuple[Array, Array]:
    """Pixels of the outermost sixteenth of the side, and of a ring a quarter of the side further in."""
    sides = [np.minimum(np.arange(n), n - 1 - np.arange(n)) for n in plane.shape]
    depth = np.minimum.outer(*sides)
    width = max(1, min(plane.shape) // 16)
    quarter = min(plane.shape) // 4
    return plane[depth < width], plane[(depth > quarter - width) & (depth <= quarter)]


def _scatter(values: Array) -> float:
    """Standard deviation by the median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
