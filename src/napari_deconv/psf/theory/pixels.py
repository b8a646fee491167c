"""From a round intensity to what the pixels of a camera collect of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

RADIAL_STEPS = 64  # per wavelength / NA; cubic interpolation is then good to 2e-6 of the peak
BLOCK = 2**20  # quadrature points worked on at a time

Array = NDArray[np.float64]


def quadrant(
    intensity: Callable[[Array, Array], Array],
    z: Array,
    sizes: tuple[int, ...],
    spacing: tuple[float, ...],
    period: float,
) -> Array:
    """Integrals of a round intensity over the pixels of one quadrant of every plane.

    Parameters
    ----------
    intensity : callable
        ``intensity(radius, z)`` gives an array of shape (z, radius), even in the radius and band-limited.
    z : array, shape (p,)
        Planes, micrometres.
    sizes, spacing : tuple
        Samples and micrometres per sample of the lateral axes (y, x).
    period : float
        Wavelength / NA, twice the shortest period of the intensity, micrometres.

    Returns
    -------
    array, shape (p, sizes[0] // 2 + 1, sizes[1] // 2 + 1)
        Integrals in square micrometres, for the pixels 0, 1, ... away from the axis.
    """
    step = period / RADIAL_STEPS
    counts = tuple(n // 2 + 1 for n in sizes)
    reach = math.hypot(*(n * s for n, s in zip(counts, spacing, strict=True)))
    profile = intensity(step * np.arange(math.ceil(reach / step) + 3.0), z).T
    points = [_points(n, s, period) for n, s in zip(counts, spacing, strict=True)]
    done = [weights @ profile for weights in _weights(points, step, len(profile))]
    return np.ascontiguousarray(np.concatenate(done).T).reshape(len(z), *counts)


def unfold(part: NDArray[Any], sizes: tuple[int, ...]) -> NDArray[Any]:
    """Whole planes, centre at ``n // 2``, from their corners of non-negative indices."""
    y, x = (_mirrored(n) for n in sizes)
    whole: NDArray[Any] = part[:, y[:, None], x]
    return whole


def plane_sums(part: Array, sizes: tuple[int, ...]) -> Array:
    """Sums over the lateral axes of what `unfold` would give."""
    y, x = (np.bincount(_mirrored(n)).astype(np.float64) for n in sizes)
    sums: Array = np.einsum("zyx,y,x->z", part[:, : len(y), : len(x)], y, x)
    return sums


def _mirrored(n: int) -> NDArray[np.intp]:
    """Distance of every index from ``n // 2``."""
    return np.abs(np.arange(n) - n // 2)


def _points(count: int, spacing: float, period: float) -> tuple[Array, Array]:
    """Gauss-Legendre positions, shape (count, m), and weights, shape (m,), for the pixels 0, 1, ..."""
    node, weight = np.polynomial.legendre.leggauss(3 + math.ceil(4 * spacing / period))
    return (np.arange(count)[:, None] + node / 2) * spacing, weight * spacing / 2


def _weights(points: list[tuple[Array, Array]], step: float, length: int) -> Iterator[csr_array]:
    """Sparse matrices that turn a radial profile into pixel integrals, some rows of pixels at a time."""
    (y, y_weight), (x, x_weight) = points
    area = np.multiply.outer(y_weight, x_weight).ravel()
    rows = max(1, BLOCK // (len(x) * area.size))
    for start in range(0, len(y), rows):
        part = y[start : start + rows]
        pixels = len(part) * len(x)
        radius = np.hypot(part[:, None, :, None], x[None, :, None, :]).ravel() / step
        columns, shares = cubic(radius)
        shares *= np.tile(area, pixels)[:, None]
        ends = np.arange(pixels + 1) * (4 * area.size)
        yield csr_array((shares.ravel(), columns.ravel(), ends), shape=(pixels, length))


def cubic(position: Array) -> tuple[NDArray[np.intp], Array]:
    """Four neighbours of each position on an even grid and their cubic Lagrange weights, shape (n, 4)."""
    whole = np.floor(position)
    t = position - whole
    weights = [-t * (t - 1) * (t - 2) / 6, (t + 1) * (t - 1) * (t - 2) / 2, -(t + 1) * t * (t - 2) / 2]
    weights.append((t + 1) * t * (t - 1) / 6)
    return np.abs(whole.astype(np.intp)[:, None] + np.arange(-1, 3)), np.stack(weights, axis=1)
