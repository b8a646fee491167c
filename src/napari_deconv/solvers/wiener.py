"""The Wiener filter: one linear step, regularised."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np

from ..backend import Array
from ..balance import automatic, noise_balance, squared
from ..kernels import TINY
from ..operators import Blur
from .richardson_lucy import richardson_lucy


def wiener(
    y: Array, H: Blur, *, balance: float | Literal["auto"] = "auto", noise: float | None = None
) -> tuple[Array, float]:
    r"""Linear estimate of an object seen through `H`: the regularised inverse filter with a Laplacian.

    .. math:: X = \frac{\bar H}{|H|^2 + \lambda |L|^2} Y

    The Laplacian vanishes at zero frequency, so that the mean is kept. What lies outside the image (and under
    a mask) is filled with the prediction of five Richardson-Lucy steps before the filter, so that no edge is
    seen by it.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image, any offset.
    H : Blur
        Blur; its boundary decides what is assumed outside.
    balance : float or "auto"
        The weight :math:`\lambda`; "auto" asks `balance.automatic`.
    noise : float, optional
        Standard deviation of white noise in the units of the image, if it is known: then :math:`\lambda = 60
        \sigma^2` with sigma in units of the range of the image.

    Returns
    -------
    x : array, shape ``H.out_shape``
        The estimate under the image; may be negative.
    balance : float
        The weight used.

    References
    ----------
    .. [1] N. Wiener, Extrapolation, Interpolation, and Smoothing of Stationary Time Series (1949); B. R.
           Hunt, IEEE Trans. Comput. C-22, 805 (1973).
    """
    filled = _filled(y, H)
    spectrum = H.backend.fft.rfftn(filled)
    power, laplacian = squared(H.otf, H.xp), _laplacian_power(H)
    low, high = _extremes(y, H)
    if noise is not None:
        balance = noise_balance(noise, high - low)
    elif balance == "auto":
        balance = automatic(H.crop(filled), spectrum, power, laplacian, high - low, H)
    spectrum *= H.xp.conj(H.otf)
    spectrum /= H.xp.maximum(power + balance * laplacian, TINY)
    return H.crop(H.backend.fft.irfftn(spectrum, H.grid)), float(balance)


def _laplacian_power(H: Blur) -> Array:
    """|L|^2 of the discrete Laplacian (2 per axis in the centre, -1 at the neighbours) on the half spectrum."""
    transfer = np.zeros(())
    for axis, n in enumerate(H.grid):
        count = n // 2 + 1 if axis == len(H.grid) - 1 else n
        line = 2 - 2 * np.cos(2 * np.pi * np.arange(count) / n)
        transfer = transfer[..., None] + line
    return H.backend.asarray(transfer**2, H.dtype)


def _filled(y: Array, H: Blur) -> Array:
    """The image on the whole grid; margins and masked pixels as five Richardson-Lucy steps predict them."""
    xp = H.xp
    if H.grid == H.out_shape and H.weight is None:
        return y
    low, high = _extremes(y, H)
    offset = 0.05 * (high - low) - low if high > low else 1 - low
    steps = richardson_lucy((y + offset) if H.weight is None else (y + offset) * H.weight, H)
    estimate = next(itertools.islice(steps, 4, None)).snapshot()
    filled = H.blur_everywhere(estimate) - offset
    window = tuple(slice(0, n) for n in H.out_shape)
    filled[window] = y if H.weight is None else xp.where(H.weight > 0, y, filled[window])
    return filled


def _extremes(y: Array, H: Blur) -> tuple[float, float]:
    """Smallest and largest pixel that counts."""
    counted = y if H.weight is None else y[H.weight > 0]
    return float(H.xp.min(counted)), float(H.xp.max(counted))
