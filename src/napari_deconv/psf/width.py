"""How wide a PSF is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from .type import PSF


def fwhm(psf: PSF) -> list[float | None]:
    """Full width at half maximum along each axis through the centre, in `psf.unit`; None where the PSF ends before.

    A cubic spline goes through the samples: straight lines between them make a PSF of two or three samples several per
    cent too wide.
    """
    centre = tuple(n // 2 for n in psf.shape)
    widths: list[float | None] = []
    for axis, (middle, step) in enumerate(zip(centre, psf.spacing, strict=True)):
        line_through: tuple[Any, ...] = (*centre[:axis], slice(None), *centre[axis + 1 :])
        width = width_of_line(psf.data[line_through], middle)
        widths.append(None if width is None else round(step * width, 4))
    return widths


def width_of_line(line: NDArray[Any], middle: int) -> float | None:
    """Full width at half of the value at index `middle`, samples; None where the line ends before."""
    if len(line) < 2 or not line[middle] > 0:
        return None
    at = CubicSpline(np.arange(len(line)) - middle, line).solve(float(line[middle]) / 2, extrapolate=False)
    left, right = at[at < 0], at[at > 0]
    return float(right[0] - left[-1]) if left.size and right.size else None
