"""The average over all angles about the optical axis."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import CubicSpline

from .clean import radius

PER_PIXEL = 4  # radii sampled per pixel, and angles per pixel of circumference
Array = NDArray[np.float64]


def radial(box: Array, spacing: tuple[float, ...]) -> Array:
    """`box` with every plane averaged over the angle around its middle.

    Circles are sampled between the pixels by a cubic spline; where a circle leaves the plane, the mean of what lies
    inside counts. Then every pixel gets the value of its radius, so that those of equal radius are equal.

    Parameters
    ----------
    box : array, 2 or 3 axes, odd sides
        Centre at ``n // 2``.
    spacing : tuple of float
        Size of a sample along each axis; y and x may differ.
    """
    lateral = spacing[-2:]
    planes = box if box.ndim == 3 else box[None]
    r = radius(planes.shape[1:], lateral)
    step = min(lateral) / PER_PIXEL
    radii = np.arange(0, r.max() + 3 * step, step)
    profiles = np.stack([_profile(plane, radii, lateral) for plane in planes])
    both = np.concatenate([-radii[:0:-1], radii])  # an even function: no kink in the middle
    spline = CubicSpline(both, np.concatenate([profiles[:, :0:-1], profiles], axis=1), axis=1)
    rounded = np.round(r / step, 6) * step  # equal radii are equal numbers
    found: Array = spline(rounded).reshape(box.shape)
    return found


def _profile(plane: Array, radii: Array, spacing: tuple[float, ...]) -> Array:
    """Mean over the circles of the given radii around the middle; beyond the corners, that of the last one."""
    coefficients = ndimage.spline_filter(plane, order=3, mode="mirror")
    found = np.empty(len(radii))
    last = 0.0
    for i, r in enumerate(radii):
        count = max(8, 8 * math.ceil(2 * math.pi * r / min(spacing) / 4))
        angle = (np.arange(count) + 0.5) * (2 * math.pi / count)
        y, x = (r * np.sin(angle) / spacing[0], r * np.cos(angle) / spacing[1])
        inner = (np.abs(y) <= plane.shape[0] // 2 + 1e-9) & (np.abs(x) <= plane.shape[1] // 2 + 1e-9)
        if inner.any():
            where = [y[inner] + plane.shape[0] // 2, x[inner] + plane.shape[1] // 2]
            seen = ndimage.map_coordinates(coefficients, where, order=3, mode="mirror", prefilter=False)
            last = float(seen.mean())
        found[i] = last
    return found
