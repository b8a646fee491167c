"""The part of a large picture that shows the blur best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

STRONG = 99.0  # percentile of the slopes; what is stronger counts no more, or one lamp would decide

Array = NDArray[np.float32]


def best(y: NDArray[np.floating], side: int) -> tuple[slice, slice]:
    """Rows and columns of the window, at most side x side, with the most edges.

    The sum of the magnitude of the slopes, limited to their 99th percentile, of the picture averaged over 3 x 3
    pixels so that noise counts less.
    """
    calm = ndimage.uniform_filter(y, 3, mode="mirror")
    slopes = np.hypot(*np.gradient(calm))
    slopes = np.minimum(slopes, np.percentile(slopes, STRONG))
    counts = np.pad(slopes.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    rows, columns = (min(side, n) for n in y.shape)
    within = counts[rows:, columns:] - counts[:-rows, columns:] - counts[rows:, :-columns] + counts[:-rows, :-columns]
    top, left = (int(i) for i in np.unravel_index(int(np.argmax(within)), within.shape))
    return slice(top, top + rows), slice(left, left + columns)


def halves(y: Array) -> tuple[Array, Array]:
    """The two halves of a picture along its longer side."""
    if y.shape[0] > y.shape[1]:
        return y[: y.shape[0] // 2], y[y.shape[0] // 2 :]
    return y[:, : y.shape[1] // 2], y[:, y.shape[1] // 2 :]
