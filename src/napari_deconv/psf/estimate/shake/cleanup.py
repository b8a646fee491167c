"""What the blur of a moving camera must look like: in one piece or few, non-negative, sum 1, centred."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

FAINT = 0.05  # of the maximum; fainter values are noise
CRUMB = 0.1  # of the light; smaller pieces are no part of a camera's path

Array = NDArray[np.float32]


def pruned(kernel: Array) -> Array:
    """Without faint values and without small pieces apart; sum 1. Nothing at all becomes the kernel of no blur."""
    if not kernel.max() > 0:
        kernel = np.zeros_like(kernel)
        kernel[kernel.shape[0] // 2, kernel.shape[1] // 2] = 1
    kernel = np.where(kernel >= FAINT * kernel.max(), kernel, 0)
    pieces, count = ndimage.label(kernel, np.ones((3, 3)))
    light = ndimage.sum_labels(kernel, pieces, np.arange(count + 1))
    light[0] = 0
    kept = (light >= CRUMB * light.sum()) | (light == light.max())
    kept[0] = False
    return _normalised(np.where(kept[pieces], kernel, 0))


def centred(kernel: Array) -> Array:
    """Moved by whole pixels so that the centre of mass is nearest to n // 2; what leaves the array is cut off."""
    for _ in range(3):  # what is cut off moves the centre again
        step = [round(n // 2 - c) for n, c in zip(kernel.shape, centre(kernel), strict=True)]
        if not any(step):
            break
        kernel = _normalised(ndimage.shift(kernel, step, order=0, mode="constant"))
    return kernel


def centre(kernel: Array) -> tuple[float, ...]:
    """Centre of mass of a kernel that sums to 1, samples."""
    return tuple(float(np.arange(n) @ kernel.sum(1 - axis, dtype=np.float64)) for axis, n in enumerate(kernel.shape))


def enlarged(kernel: Array, size: int) -> Array:
    """Resampled to size x size about its middle; sum 1."""
    step = kernel.shape[0] / size
    start = kernel.shape[0] // 2 - step * (size // 2)
    return _normalised(
        ndimage.affine_transform(kernel, [step, step], [start, start], (size, size), order=1, mode="constant")
    )


def _normalised(kernel: Array) -> Array:
    unit: Array = (kernel / kernel.sum(dtype=np.float64)).astype(np.float32)
    return unit
