"""How good an estimate is, where the truth is known."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve

Array = NDArray[Any]
REACH = 8  # samples around a spot that its place is measured in


def judge(estimate: Array, image: Array, psf: Array, truth: Array) -> dict[str, float]:
    """Figures of one estimate; "inner" is the region whose re-blurred value needs nothing from outside the view."""
    x, y, h, t = (array.astype(np.float64) for array in (estimate, image, psf, truth))
    inner = tuple(slice(p - 1 - p // 2, n - p // 2) for n, p in zip(y.shape, h.shape, strict=True))
    again = np.maximum(fftconvolve(x, h, "valid"), 1e-6)
    error = np.square(x - t)
    return {
        "divergence": divergence(y[inner], again),
        "nrmse": float(np.sqrt(error.mean() / np.square(t).mean())),
        "nrmse_inner": float(np.sqrt(error[inner].mean() / np.square(t[inner]).mean())),
        "psnr": float(10 * np.log10(t.max() ** 2 / error.mean())),
        "flux": float(x.sum() / t.sum()),
    }


def divergence(seen: Array, expected: Array) -> float:
    """Mean I-divergence of a prediction from what was seen, counts per pixel."""
    logs = np.where(seen > 0, seen * np.log(np.maximum(seen, 1e-30) / expected), 0.0)
    return float((logs - seen + expected).mean())


def displacement(estimate: Array) -> float:
    """How far the spot at ``n // 2`` has moved: the largest shift of its centre of mass along an axis, samples."""
    part = tuple(slice(n // 2 - REACH, n // 2 + REACH + 1) for n in estimate.shape)
    light = np.maximum(estimate[part] - np.median(estimate), 0.0).astype(np.float64)
    grids = np.ogrid[(slice(-REACH, REACH + 1),) * light.ndim]
    return max((float((grid * light).sum() / light.sum()) for grid in grids), key=abs)
