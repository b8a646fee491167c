"""Integrals over the pixel of a band-limited intensity, from its values on a grid."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FILL = 0.4  # the finest detail allowed, in cycles per sample of the grid
TAPS = 9  # samples beyond the pixel on either side; good to 1e-5 of the finest detail

Array = NDArray[np.float64]


def pixel_filter(size: int, spacing: float, band_limit: float) -> tuple[Array, Array]:
    """Points along one axis, and the matrix from the values there to the means over pixels.

    Gauss-Legendre quadrature needs several points for each pixel. A function without frequencies beyond
    `band_limit` is known everywhere from its values at less than half a period of it; then a weighted sum of
    values in and around the pixel is its mean, and one point per pixel may do.

    Parameters
    ----------
    size : int
        Pixels; number ``size // 2`` has its middle at zero.
    spacing : float
        Width of a pixel.
    band_limit : float
        Highest frequency, cycles per unit of length.

    Returns
    -------
    points : array, shape (m,)
        Evenly spaced positions, some of them beyond the pixels.
    matrix : array, shape (size, m)
        Each row sums to 1.
    """
    finer = 2 * math.ceil((band_limit * spacing / FILL - 1) / 2) + 1 if band_limit * spacing > FILL else 1
    reach = finer // 2 + TAPS
    step = spacing / finer
    points = step * (np.arange((size - 1) * finer + 2 * reach + 1.0) - (size // 2) * finer - reach)
    weights = _box_weights(reach, step, spacing, band_limit)
    matrix = np.zeros((size, len(points)))
    for row in range(size):
        matrix[row, row * finer : row * finer + 2 * reach + 1] = weights
    return points, matrix


def _box_weights(reach: int, step: float, width: float, band_limit: float) -> Array:
    """Weights of equally spaced values that give the mean over `width` of anything below the band limit."""
    offset = np.arange(reach + 1) * step
    frequency = band_limit * np.sin(np.linspace(0, math.pi / 2, 8 * reach + 8))
    waves = np.cos(2 * math.pi * np.multiply.outer(frequency, offset))
    waves[:, 1:] *= 2
    half = np.linalg.lstsq(waves, np.sinc(frequency * width), rcond=1e-12)[0]
    return np.concatenate([half[:0:-1], half])
