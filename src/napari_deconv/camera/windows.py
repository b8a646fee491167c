"""Small windows of an image, each with a residual that holds its noise and hardly any structure."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from .pixels import Array, Mask

DIFFERENCE = np.array([1.0, -4.0, 6.0, -4.0, 1.0]) / np.sqrt(70)  # passes 2 to pi rad per pixel
SMOOTH = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / np.sqrt(70)
NEIGHBOUR = -0.8  # correlation of two residuals of white noise, one pixel apart
FOURTH = float(np.sum(DIFFERENCE**4)) ** 2  # share of a pixel's fourth cumulant in the residual's
SIDE, RING = 5, 2  # pixels: of the residual, and around it
WHOLE = SIDE + 2 * RING
BLOCK = 16  # pixels: windows within one share structure
BLOCKS = 7919  # a prime: what the numbers of the blocks of two planes are apart


@dataclass(frozen=True)
class Windows:
    """One number per window, in counts or counts squared.

    Parameters
    ----------
    residual : array
        Fourth difference along both axes, sum of squared weights 1.
    product : array
        Its product with the residuals one pixel below and to the right, on average.
    coarse : array
        Mean square of the fourth difference along one axis, smoothed along the other.
    level : array
        Mean of the pixels, weighted as the noise is in the residual.
    around : array
        Mean of the ring around the window: shares no noise with `residual` and `level`.
    slope : array
        Difference of brightness across the ring.
    usable : array of bool
        No pixel of window and ring is masked.
    cut : array of bool
        A pixel of window or ring is saturated.
    block : array of int
        Number of the block of the image that it is in.
    """

    residual: Array
    product: Array
    coarse: Array
    level: Array
    around: Array
    slope: Array
    usable: Mask
    cut: Mask
    block: NDArray[np.int64]


def windows(planes: Array, mask: Mask, ceiling: float) -> Windows:
    """All windows of a stack of planes (ZYX), each within one plane; pixels of `ceiling` and above are saturated."""
    found = [_of_plane(plane, ignored, ceiling, z) for z, (plane, ignored) in enumerate(zip(planes, mask, strict=True))]
    return Windows(*(np.concatenate([getattr(part, field.name) for part in found]) for field in fields(Windows)))


def _of_plane(y: Array, mask: Mask, ceiling: float, number: int) -> Windows:
    residual = correlate(y, DIFFERENCE, DIFFERENCE)
    level = correlate(y, DIFFERENCE**2, DIFFERENCE**2)
    coarse = (correlate(y, DIFFERENCE, SMOOTH) ** 2 + correlate(y, SMOOTH, DIFFERENCE) ** 2) / 2
    product = residual[:-1, :-1] * (residual[1:, :-1] + residual[:-1, 1:]) / 2
    inner = np.s_[RING : -RING - 1, RING : -RING - 1]  # the windows that have a ring and neighbours
    rows, columns = product[RING:-RING, RING:-RING].shape
    ring = (box(y, WHOLE, WHOLE) - box(y, SIDE, SIDE)[RING:-RING, RING:-RING])[:-1, :-1] / (WHOLE**2 - SIDE**2)
    masked, cut = (box(bad.astype(np.float64), WHOLE, WHOLE)[:-1, :-1] > 0 for bad in (mask, y >= ceiling))
    block = np.add.outer(np.arange(rows) // BLOCK * (columns // BLOCK + 1), np.arange(columns) // BLOCK)
    return Windows(
        residual=residual[inner].ravel(),
        product=product[RING:-RING, RING:-RING].ravel(),
        coarse=coarse[inner].ravel(),
        level=level[inner].ravel(),
        around=ring.ravel(),
        slope=_across(y).ravel(),
        usable=~masked.ravel(),
        cut=cut.ravel(),
        block=block.ravel() + BLOCKS * number,
    )


def _across(y: Array) -> Array:
    """Size of the gradient over the ring, in counts per width of the window."""
    sides, ends = box(y, WHOLE, RING) / (WHOLE * RING), box(y, RING, WHOLE) / (WHOLE * RING)
    far = WHOLE - RING
    slopes: Array = np.hypot(sides[:, far:] - sides[:, :-far], ends[far:] - ends[:-far])
    return slopes[:-1, :-1]


def correlate(y: Array, down: Array, along: Array) -> Array:
    """Correlation with an outer product, only where it fits."""
    height, width = y.shape[0] - down.size + 1, y.shape[1] - along.size + 1
    first: Array = sum(weight * y[i : i + height] for i, weight in enumerate(down))
    second: Array = sum(weight * first[:, i : i + width] for i, weight in enumerate(along))
    return second


def box(y: Array, height: int, width: int) -> Array:
    """Sums over rectangles, only where they fit."""
    total = np.pad(y.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    sums: Array = total[height:, width:] - total[:-height, width:] - total[height:, :-width] + total[:-height, :-width]
    return sums
