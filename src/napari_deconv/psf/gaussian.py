"""The Gaussian blur."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, erfinv

from .checks import number, odd, per_axis, refuse_huge, whole_shape
from .type import PSF

GAUSSIAN_ENERGY = 0.999  # held by the default size
WIDEST_GAUSSIAN = 2001  # samples

Array = NDArray[np.float64]


def gaussian(
    sigma: float | Sequence[float],
    *,
    spacing: Sequence[float] | None = None,
    shape: Sequence[int] | None = None,
    image_shape: Sequence[int] | None = None,
) -> PSF:
    r"""A Gaussian blur, integrated over every sample.

    .. math:: h_i = \tfrac12 \left[\operatorname{erf}\frac{i + 1/2}{\sqrt2\,\sigma} -
              \operatorname{erf}\frac{i - 1/2}{\sqrt2\,\sigma}\right] \quad\text{along each axis}

    Parameters
    ----------
    sigma : float or sequence of float
        Standard deviation in samples, or in micrometres if `spacing` is given; one number, or one per axis
        (ZYX order). Zero along an axis leaves that axis sharp.
    spacing : sequence of float, optional
        Micrometres per sample. Then `sigma` is in micrometres too.
    shape : sequence of int, optional
        Samples along each axis. By default the smallest odd sizes that hold 99.9 % of the energy.
    image_shape : sequence of int, optional
        Spatial sizes of the image. Limits the default size to ``2 * image_shape - 1``.

    Returns
    -------
    PSF
        With as many axes as `sigma`, `spacing`, `shape` or `image_shape` has numbers (the first that tells),
        else two. ``info["energy"]`` is the share of the Gaussian inside.

    Raises
    ------
    ValueError
        If a number is negative, not finite or missing, or the PSF would be more than 2001 samples wide.

    Examples
    --------
    >>> gaussian(1.5).shape
    (11, 11)
    >>> gaussian((0.4, 0.1, 0.1), spacing=(0.2, 0.05, 0.05)).unit
    'um'
    """
    widths = _widths(sigma, spacing, shape, image_shape)
    ndim = len(widths)
    step = (1.0,) * ndim if spacing is None else per_axis("spacing", spacing, (ndim,), unit="micrometres")
    samples = tuple(w / s for w, s in zip(widths, step, strict=True))
    if shape is None:
        shape = _gaussian_shape(samples, image_shape)
    sizes = whole_shape("shape", shape, ndim)
    data = reduce(np.multiply.outer, [_gaussian_line(s, n) for s, n in zip(samples, sizes, strict=True)])
    energy = float(data.sum())
    info = {
        "model": "gaussian",
        "parameters": {
            "sigma": list(widths),
            "spacing": None if spacing is None else list(step),
            "shape": list(sizes),
        },
        "sigma_samples": list(samples),
        "energy": energy,
    }
    return PSF((data / energy).astype(np.float32), step, "px" if spacing is None else "um", info)


def _widths(
    sigma: float | Sequence[float],
    spacing: Sequence[float] | None,
    shape: Sequence[int] | None,
    image_shape: Sequence[int] | None,
) -> tuple[float, ...]:
    """Sigma for each axis."""
    if isinstance(sigma, Iterable):
        return per_axis("sigma", sigma, (1, 2, 3), positive=False)
    ndim = next((len(told) for told in (spacing, shape, image_shape) if told is not None), 2)
    if ndim not in (1, 2, 3):
        raise ValueError(f"a PSF has 1 to 3 axes, got {ndim} numbers in spacing, shape or image_shape")
    return (number("sigma", sigma, positive=False),) * ndim


def _gaussian_shape(sigma: tuple[float, ...], image_shape: Sequence[int] | None) -> tuple[int, ...]:
    """Odd sizes that hold `GAUSSIAN_ENERGY` together, no wider than an image of `image_shape` can feel."""
    reach = math.sqrt(2) * float(erfinv(GAUSSIAN_ENERGY ** (1 / len(sigma))))
    sizes = tuple(odd(reach * s) for s in sigma)
    if image_shape is not None:
        limits = per_axis("image_shape", image_shape, (len(sigma),), unit="samples")
        sizes = tuple(min(n, 2 * int(m) - 1) for n, m in zip(sizes, limits, strict=True))
    if max(sizes) > WIDEST_GAUSSIAN:
        raise ValueError(
            f"sigma of {max(sigma):.4g} samples needs {max(sizes)} samples, more than {WIDEST_GAUSSIAN}; sigma is "
            "in samples, or in micrometres when spacing is given"
        )
    refuse_huge(sizes)
    return sizes


def _gaussian_line(sigma: float, n: int) -> Array:
    """The Gaussian's share of every sample of one axis."""
    edges = np.arange(n + 1) - n // 2 - 0.5
    scaled = edges / (math.sqrt(2) * max(sigma, 1e-3))  # below 1e-3 all of it is in one sample
    shares: Array = 0.5 * np.diff(erf(scaled))
    return shares
