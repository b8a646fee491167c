"""The scalar focus of Gibson and Lanni."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import j0

from .optics import Optics
from .rays import BLOCK, rays

Array = NDArray[np.float64]


def scalar_intensity(radius: Array, z: Array, optics: Optics) -> Array:
    r"""Light per area in the focus of an evenly lit aperture.

    .. math:: h(r, z) = \left| C \int_0^\mathrm{NA} J_0(k r s) \exp\left[i k W(s, z)\right] s \, ds \right|^2,
              \quad k = 2 \pi / \lambda

    with the path :math:`W` of `Optics`.

    Parameters
    ----------
    radius : array, shape (r,)
        Distances from the optical axis, micrometres.
    z : array, shape (p,)
        Positions of the stage from where a point would be sharp in a microscope as designed, micrometres; they
        grow from the coverslip into the specimen.
    optics : Optics
        Only round aberrations (Noll 4 and 11) are allowed.

    Returns
    -------
    array, shape (p, r)
        Per square micrometre; each plane holds 1 in all. Accurate to about 1e-13 of the peak.

    References
    ----------
    .. [1] S. F. Gibson, F. Lanni, J. Opt. Soc. Am. A 9, 154 (1992).
    """
    k = 2 * math.pi / optics.wavelength
    collected = rays(optics, z, float(np.max(radius, initial=0)))
    wave = collected.wave * collected.weight
    flux = 2 * math.pi / k**2 * float(np.abs(collected.wave[0]) ** 2 @ collected.weight)
    parts = np.concatenate([wave.real, wave.imag])
    found = np.empty((len(z), len(radius)))
    block = max(1, BLOCK // len(collected.s))
    for start in range(0, len(radius), block):
        field = parts @ j0(k * np.multiply.outer(collected.s, radius[start : start + block]))
        found[:, start : start + block] = (field.reshape(2, len(z), -1) ** 2).sum(0)
    found /= flux
    return found
