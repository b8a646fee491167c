"""Zernike polynomials in Noll's order and normalisation."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

NAMES = {
    1: "piston",
    2: "tilt along x",
    3: "tilt along y",
    4: "defocus",
    5: "oblique astigmatism",
    6: "vertical astigmatism",
    7: "coma along y",
    8: "coma along x",
    9: "trefoil along y",
    10: "trefoil along x",
    11: "primary spherical",
}
FIRST_ABERRATION = 4  # lists of aberrations begin with defocus

Array = NDArray[np.float64]


def noll(index: int) -> tuple[int, int]:
    """Radial degree n and azimuthal frequency m of Noll's polynomial number `index`; m < 0 stands for a sine.

    Parameters
    ----------
    index : int
        1, 2, 3, ...

    Returns
    -------
    n, m : int

    Raises
    ------
    ValueError
        If `index` is not a whole number of at least 1.

    References
    ----------
    .. [1] R. J. Noll, J. Opt. Soc. Am. 66, 207 (1976).

    Examples
    --------
    >>> noll(4), noll(7), noll(11)
    ((2, 0), (3, -1), (4, 0))
    """
    if isinstance(index, bool) or index != int(index) or index < 1:
        raise ValueError(f"Noll's numbers are 1, 2, 3, ..., got {index!r}; spherical aberration is 11")
    n, left = 0, int(index) - 1  # `left` polynomials of degree n come before this one
    while left > n:
        n += 1
        left -= n
    m = (n % 2) + 2 * ((left + (n + 1) % 2) // 2)
    return n, m if index % 2 == 0 else -m


def zernike(index: int, rho: ArrayLike, theta: ArrayLike) -> Array:
    r"""One Zernike polynomial, of mean square 1 over the unit disk.

    .. math:: Z = \sqrt{n + 1}\, R_n^0(\rho), \qquad
              Z = \sqrt{2 (n + 1)}\, R_n^{|m|}(\rho) \cos m\theta \;\text{or}\; \sin |m|\theta

    Even numbers have the cosine, odd ones the sine.

    Parameters
    ----------
    index : int
        Noll's number, from 1.
    rho, theta : array
        Radius (1 at the edge of the pupil) and angle in radians, from +x towards +y; they broadcast.

    Returns
    -------
    array
        Also outside the disk, where it means nothing.

    Raises
    ------
    ValueError
        If `index` is not a whole number of at least 1.

    References
    ----------
    .. [1] R. J. Noll, J. Opt. Soc. Am. 66, 207 (1976).

    Examples
    --------
    >>> float(round(zernike(4, 1.0, 0.0), 4))  # defocus at the edge: the square root of 3
    1.7321
    """
    n, m = noll(index)
    radius, angle = np.asarray(rho, dtype=np.float64), np.asarray(theta, dtype=np.float64)
    if m == 0:
        return math.sqrt(n + 1) * _radial(n, 0, radius) * np.ones_like(angle)
    wave = np.cos(m * angle) if m > 0 else np.sin(-m * angle)
    return math.sqrt(2 * (n + 1)) * _radial(n, abs(m), radius) * wave


def wavefront(coefficients: Sequence[float], rho: ArrayLike, theta: ArrayLike) -> Array:
    """The sum of aberrations, in waves.

    Parameters
    ----------
    coefficients : sequence of float
        Waves RMS of Noll's polynomials 4, 5, 6, ... in this order; trailing zeros may be left out.
    rho, theta : array
        As in `zernike`.
    """
    total: Array = np.zeros(np.broadcast_shapes(np.shape(rho), np.shape(theta)))
    for index, value in enumerate(coefficients, FIRST_ABERRATION):
        if value:
            total += value * zernike(index, rho, theta)
    return total


def _radial(n: int, m: int, rho: Array) -> Array:
    """Zernike's radial polynomial, 1 at the edge, by Horner's rule in rho squared."""
    terms = [
        (-1) ** k
        * math.factorial(n - k)
        // (math.factorial(k) * math.factorial((n + m) // 2 - k) * math.factorial((n - m) // 2 - k))
        for k in range((n - m) // 2 + 1)
    ]
    return np.asarray(np.polyval(terms, rho**2) * rho**m, dtype=np.float64)
