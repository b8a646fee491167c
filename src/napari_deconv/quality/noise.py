"""How large the noise in each pixel should be: by the camera, or by the finest detail of the residual."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import convolve1d

from ..camera import Camera

LEVELS = 16  # groups of pixels of like brightness that the line of variance against brightness is drawn through
FINEST = np.array([1.0, -2.0, 1.0]) / np.sqrt(6.0)  # passes white noise with its variance, and hardly anything sharp

Array = NDArray[np.float64]


class Noise(NamedTuple):
    """Second and fourth cumulant of the noise of each pixel, and where they come from."""

    variance: Array
    fourth: Array
    origin: str


def expected_noise(camera: Camera | None, prediction: Array, residual: Array, background: float) -> Noise:
    """The noise of pixels with these expected values.

    With a gain: shot noise of what exceeds the offset (`background` if unknown) and read noise. Without: a line through
    the power of the residual's finest detail, which no blur lets through, against brightness.
    """
    if camera is not None and camera.gain is not None:
        offset = background if camera.offset is None else camera.offset
        full = replace(camera, offset=offset, read_noise=camera.read_noise or 0.0)
        variance = np.asarray(full.sigma(prediction), np.float64) ** 2
        light, gain = np.maximum(prediction - offset, 0), camera.gain
        return Noise(_positive(variance), light / gain**3, f"camera: {full.words}")
    slope, level = _line(prediction, residual)
    shot = slope * np.maximum(prediction, 0)
    origin = (
        f"finest detail of the residual: variance = {slope:.4g} counts + {level:.4g}; assumes noise without correlation"
    )
    return Noise(_positive(shot + level), slope**2 * shot, origin)


def given_noise(sigma: ArrayLike, shape: tuple[int, ...]) -> Noise:
    """Normal noise of a standard deviation that is known: one for all pixels, or one for each.

    Raises
    ------
    ValueError
        If it is not positive and finite, or has another shape.
    """
    found = np.asarray(sigma, np.float64)
    if found.ndim and found.shape != shape:
        raise ValueError(f"sigma has shape {found.shape} but the image {shape}; pass one number, or one for each pixel")
    if not (np.isfinite(found).all() and found.min() >= 0 and found.max() > 0):
        raise ValueError(f"sigma is the standard deviation of the noise, positive and finite; got {_said(found)}")
    return Noise(_positive(np.broadcast_to(found**2, shape)), np.zeros(shape), "standard deviation of the noise: given")


def _said(values: Array) -> str:
    return f"{float(values):g}" if not values.ndim else f"values from {values.min():g} to {values.max():g}"


def _positive(variance: Array) -> Array:
    """No pixel is known better than a thousandth of the mean variance."""
    return np.maximum(variance, 1e-3 * float(variance.mean()) + 1e-30)


def _line(prediction: Array, residual: Array) -> tuple[float, float]:
    """Slope and intercept, neither negative, of the variance against the expected counts."""
    finest = residual
    for axis in range(max(0, residual.ndim - 2), residual.ndim):  # planes may lie far apart
        finest = convolve1d(finest, FINEST, axis=axis, mode="reflect")
    order = np.argsort(prediction, axis=None)
    groups = [g for g in np.array_split(order, LEVELS) if g.size]
    x = np.array([max(float(prediction.flat[g].mean()), 0.0) for g in groups])
    v = np.array([float(np.mean(finest.flat[g] ** 2)) for g in groups])
    weight = 1 / np.maximum(v, 1e-6 * v.mean() + 1e-30)
    slope, level = np.linalg.lstsq(np.stack([x, np.ones_like(x)], 1) * weight[:, None], v * weight, rcond=None)[0]
    if level < 0:
        return float(np.sum(weight**2 * x * v) / max(float(np.sum(weight**2 * x**2)), 1e-30)), 0.0
    if slope < 0:
        return 0.0, float(np.average(v, weights=weight**2))
    return float(slope), float(level)
