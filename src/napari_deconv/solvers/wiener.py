"""The Wiener filter: one linear step, regularised."""

from __future__ import annotations

from typing import Literal

from ..backend import Array
from ..balance import automatic, laplacian, noise_balance, squared
from ..kernels import TINY
from ..operators import Blur
from .margins import extremes, filled


def wiener(
    y: Array, H: Blur, *, balance: float | Literal["auto"] = "auto", noise: float | None = None
) -> tuple[Array, float]:
    r"""Linear estimate of an object seen through `H`: the regularised inverse filter with a Laplacian.

    .. math:: X = \frac{\bar H}{|H|^2 + \lambda |L|^2} Y

    The Laplacian vanishes at zero frequency, so that the mean is kept. What lies outside the image (and under
    a mask) is filled with the prediction of a few Richardson-Lucy steps on coarse voxels before the filter,
    so that no edge is seen by it.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image, any offset.
    H : Blur
        Blur; with a periodic boundary there is nothing outside.
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
    whole = filled(y, H)
    if noise is not None or balance == "auto":
        low, high = extremes(y, H)
        if noise is not None:
            balance = noise_balance(noise, high - low)
        else:
            balance = automatic(H.crop(whole), H.backend.fft.rfftn(whole), H.otf, high - low, H)
    weight = float(balance)

    def inverse(otf: Array, where: tuple[slice, ...]) -> Array:
        power = laplacian(H, where)
        power *= power
        power *= weight
        power += squared(otf, H.xp)
        power += TINY
        return H.xp.conj(otf) * (1 / power)

    return H.filtered(whole, inverse), weight
