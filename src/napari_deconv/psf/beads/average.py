"""The average of many beads that one bad voxel cannot spoil."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

CLIP = 4.0  # standard deviations
FEWEST = 4  # beads: with fewer nobody can say which one is wrong
BLOCK = 2**24  # samples sorted at a time
Array = NDArray[np.float32]


def robust_mean(boxes: Array, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted mean of `boxes`, shape (beads, ...), without samples more than 4 standard deviations off the median.

    The standard deviation of each sample is that of the median absolute deviation between the beads, averaged over
    its neighbours, because ten beads alone tell it badly.
    """
    if len(boxes) < FEWEST:
        mean: NDArray[np.float64] = np.average(boxes, axis=0, weights=weights)
        return mean
    middle, spread = _statistics(boxes)
    limit = CLIP * np.sqrt(ndimage.uniform_filter(spread**2, 3)) + 1e-12
    total, share = np.zeros(middle.shape), np.zeros(middle.shape)
    for box, weight in zip(boxes, weights, strict=True):
        kept = np.abs(box - middle) <= limit
        total += np.where(kept, weight * box, 0)
        share += np.where(kept, weight, 0)
    found: NDArray[np.float64] = np.where(share > 0, total / np.maximum(share, 1e-30), middle)
    return found


def _statistics(boxes: Array) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median over the beads and their scatter, some planes at a time."""
    middle, spread = np.empty(boxes.shape[1:]), np.empty(boxes.shape[1:])
    rows = max(1, BLOCK // max(1, boxes[:, :1].size))
    for start in range(0, boxes.shape[1], rows):
        part = slice(start, start + rows)
        middle[part] = np.median(boxes[:, part], axis=0)
        spread[part] = 1.4826 * np.median(np.abs(boxes[:, part] - middle[part]), axis=0)
    return middle, spread
