"""Whether the result holds as much light as the image."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .pictures import checked


def flux(image: Any, result: Any, *, background: float = 0.0, border: int = 0) -> float:
    r"""The light of the result over that of the image, the background taken off: :math:`\sum x / \sum (y - b)`.

    Near the borders light enters and leaves the view: leave a border of the PSF's radius out of both sums, where what
    crosses its inner edge in one direction is about what crosses it in the other.

    Parameters
    ----------
    image, result : array, 1 to 3 axes, same shape
        One frame and what became of it.
    background : float
        As in the deconvolution: counts per pixel that the result does not hold.
    border : int
        Samples to leave out at each side; where an axis is too short, its middle third is left.

    Returns
    -------
    float
        1 where flux is kept; NaN where the image has no light above the background.

    Raises
    ------
    ValueError
        If the arrays differ in shape, or are not finite.
    """
    y, x = paired(image, result)
    inner = interior(y.shape, border)
    light = float(np.sum(y[inner], dtype=np.float64)) - background * y[inner].size
    return float(np.sum(x[inner], dtype=np.float64)) / light if light > 0 else float("nan")


def paired(image: Any, result: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Both as arrays of one shape."""
    y, x = checked(image), checked(result, name="result")
    if y.shape != x.shape:
        raise ValueError(f"image has shape {y.shape} but the result {x.shape}; pass the frame the result was made from")
    return y, x


def interior(shape: tuple[int, ...], border: int) -> tuple[slice, ...]:
    """Without a border; of a short axis the middle third."""
    if border < 0:
        raise ValueError(f"border is a number of samples, 0 or more, got {border}")
    cuts = (min(border, n // 3) for n in shape)
    return tuple(slice(c, n - c) for c, n in zip(cuts, shape, strict=True))
