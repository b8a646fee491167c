"""Beads brought onto one grid, their centres in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

MARGIN = 4  # samples around a box, for the spline
ORDER = 5  # of the spline: flat to within 1 % up to 0.7 of Nyquist's frequency
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Match:
    """How a template fits a box: ``height * template(x - shift) + level``, and what that leaves.

    Parameters
    ----------
    shift : tuple of float
        Samples from the middle of the box.
    height, level : float
        Scale and offset.
    rest : float
        Root of the sum of squares that is left, relative to that of ``height * template``.
    """

    shift: tuple[float, ...]
    height: float
    level: float
    rest: float


def cut(values: NDArray[Any], centre: tuple[float, ...], half: tuple[int, ...]) -> Array:
    """The box of ``2 * half + 1`` samples around a centre between samples, by a quintic spline.

    Beyond the border of `values` the last sample is repeated.
    """
    whole = [round(c) for c in centre]
    rows = [
        np.clip(np.arange(w - h - MARGIN, w + h + MARGIN + 1), 0, n - 1)
        for w, h, n in zip(whole, half, values.shape, strict=True)
    ]
    block = values[np.ix_(*rows)].astype(np.float64)
    return shifted(block, tuple(w - c for w, c in zip(whole, centre, strict=True)), MARGIN)


def shifted(block: Array, shift: tuple[float, ...], margin: int = 0) -> Array:
    """`block` moved by a part of a sample, and `margin` samples cut off on every side."""
    for axis, by in enumerate(shift):
        n = block.shape[axis]
        matrix = ndimage.shift(np.eye(n), (by, 0.0), order=ORDER, mode="mirror")[margin : n - margin]
        block = np.moveaxis(np.tensordot(matrix, block, (1, axis)), 0, axis)
    return block


def match(box: Array, template: Array) -> Match:
    """Shift, height and level of `template` in `box`, to first order in the shift, by least squares.

    One step of Gauss and Newton on the difference to the template (Lucas and Kanade): repeated, it finds the shift of
    maximum likelihood under even noise, which a correlation peak finds less sharply.
    """
    slopes = [np.gradient(template, axis=axis).ravel() for axis in range(box.ndim)]
    columns = np.stack([template.ravel(), np.ones(template.size), *slopes], axis=1)
    answer = np.linalg.lstsq(columns, box.ravel(), rcond=None)[0]
    height, level = float(answer[0]), float(answer[1])
    left = box.ravel() - columns @ answer
    light = max(abs(height) * float(np.linalg.norm(columns[:, 0] - columns[:, 0].mean())), 1e-30)
    by = -answer[2:] / height if height > 0 else np.zeros(box.ndim)
    shift = tuple(float(s) for s in np.clip(by, -0.5, 0.5))
    return Match(shift, height, level, float(np.linalg.norm(left)) / light)
