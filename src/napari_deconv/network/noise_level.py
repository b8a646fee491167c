"""How noisy an image is and how far its brightness reaches: what a learned restoration has to know."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, uniform_filter1d

FINEST = np.array([1.0, -2.0, 1.0]) / np.sqrt(6.0)  # passes white noise with its variance, and hardly anything sharp
NORMAL = 0.6745  # median of the absolute value of a normal variable
AROUND = 7  # pixels to a side of the mean that is a pixel's brightness: its own noise must not be
GROUPS = 16  # of pixels of like brightness, as the noise may grow with the light
MOST = 2**22  # pixels looked at
LEAST = 1e-3  # range of a flat image, as a share of its brightness
OUTER = 0.1  # percent of the pixels that are left out at each end of the range

Array = NDArray[np.float32]


def noise_level(y: Array) -> float:
    """Standard deviation of white noise, from the finest detail, which no blur lets through.

    Parameters
    ----------
    y : array
        Image, 1 axis or more; the last two are looked along. Noise that grows with the light is averaged (its variance)
        over the pixels.

    References
    ----------
    .. [1] D. L. Donoho, IEEE Trans. Inf. Theory 41, 613 (1995): the median of absolute values.
    .. [2] J. Immerkaer, Comput. Vis. Image Underst. 64, 300 (1996): the filter.
    """
    seen = _middle(y)
    axes = [axis for axis in range(max(0, seen.ndim - 2), seen.ndim) if seen.shape[axis] > 2]
    if not axes:
        return 0.0
    finest = bright = seen.astype(np.float64)
    for axis in axes:
        finest = convolve1d(finest, FINEST, axis=axis, mode="reflect")
        bright = uniform_filter1d(bright, AROUND, axis=axis)
    groups = np.array_split(np.argsort(bright, axis=None), GROUPS if seen.size > 64 * GROUPS else 1)
    levels = [float(np.median(np.abs(finest.flat[group]))) / NORMAL for group in groups]
    return float(np.sqrt(np.mean(np.square(levels))))


def span(y: Array) -> float:
    """Range of the brightness, but for the outermost pixels; never 0."""
    low, high = (float(level) for level in np.percentile(_middle(y), (OUTER, 100 - OUTER)))
    return max(high - low, LEAST * max(abs(low), abs(high))) or 1.0


def _middle(y: Array) -> Array:
    """The image, or the middle of it if it is large."""
    while y.size > MOST:
        axis = int(np.argmax(y.shape))
        n = y.shape[axis]
        y = np.take(y, range(n // 4, n // 4 + n // 2), axis=axis)
    return y
