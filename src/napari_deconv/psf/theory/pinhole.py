"""What passes a pinhole of the light around a focus."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.sparse import csr_array
from scipy.special import j1

from .pixels import RADIAL_STEPS, cubic
from .quadrature import gauss_legendre

BLOCK = 2**23  # values worked on at a time
MARGIN = 8  # periods around the grid
NODES = 12  # of the quadrature, beyond what the detail demands

Array = NDArray[np.float64]
Intensity = Callable[[Array, Array], Array]
Density = Callable[[Array, Array, Array], Array]


def through_pinhole(intensity: Intensity, pinhole: float, period: float) -> Intensity:
    r"""The round `intensity` convolved with a disk.

    The arc of the circle of radius r' that lies in a disk at the distance r has the angle
    :math:`4 \arcsin \sqrt{[a^2 - (r - r')^2] / 4 r r'}`, so one integral over r' does.

    Parameters
    ----------
    intensity : callable
        ``intensity(radius, z)``, shape (z, radius), per area.
    pinhole : float
        Radius of the disk, micrometres.
    period : float
        Twice the shortest lateral period of the intensity, micrometres.

    Returns
    -------
    callable
        The same, light within the disk; for a disk of no size `intensity` itself.
    """
    if pinhole == 0:
        return intensity
    step = period / RADIAL_STEPS

    def passed(radius: Array, z: Array) -> Array:
        farthest = float(np.max(radius, initial=0)) + pinhole
        profile = intensity(step * np.arange(math.ceil(farthest / step) + 3.0), z)
        weights = _weights(radius, pinhole, period, step, profile.shape[1])
        return np.ascontiguousarray((weights @ profile.T).T)

    return passed


def _weights(radius: Array, pinhole: float, period: float, step: float, length: int) -> csr_array:
    """Sparse matrix from a profile on an even grid to its integrals over disks at the distances `radius`."""
    node, weight = gauss_legendre(NODES + math.ceil(13 * pinhole / period))
    distance = radius[:, None]
    # circles that lie in the disk as a whole
    rim = np.maximum(pinhole - distance, 0)
    inside = rim / 2 * (1 + node)
    inside_area = 2 * math.pi * inside * rim / 2 * weight
    # circles that cross its rim; sin(turn) spares the quadrature the square roots at both ends
    half, turn = np.minimum(distance, pinhole), math.pi / 2 * node
    across = np.maximum(distance, pinhole) + half * np.sin(turn)
    across_area = across * _arc(distance, across, pinhole) * half * np.cos(turn) * math.pi / 2 * weight
    positions, areas = [inside, across], [inside_area, across_area]
    columns, shares = cubic(np.concatenate(positions, axis=1).ravel() / step)
    shares *= np.concatenate(areas, axis=1).reshape(-1, 1)
    ends = np.arange(len(radius) + 1) * (8 * len(node))
    return csr_array((shares.ravel(), columns.ravel(), ends), shape=(len(radius), length))


def _arc(radius: Array, at: Array, pinhole: float) -> Array:
    """Angle of the circle `at` within the disk."""
    beyond = (pinhole - (radius - at)) * (pinhole + (radius - at))
    share = beyond / np.maximum(4 * radius * at, 1e-30)
    angle: Array = 4 * np.arcsin(np.sqrt(np.clip(share, 0, 1)))
    return angle


def disk_density(density: Density, pinhole: float, period: float) -> Density:
    """The same for light that is not round: ``density(z, y, x)`` on an even grid, convolved with the disk.

    The disk is taken by its Fourier transform, so that the grid need not be fine; it is widened by the pinhole and
    some periods, because transforms are periodic.
    """
    if pinhole == 0:
        return density

    def passed(z: Array, y: Array, x: Array) -> Array:
        steps = [float(v[1] - v[0]) for v in (y, x)]
        extra = [math.ceil((pinhole + MARGIN * period) / s) for s in steps]
        wide = [v[0] + s * np.arange(-e, len(v) + e) for v, s, e in zip((y, x), steps, extra, strict=True)]
        frequency = np.hypot(fft.fftfreq(len(wide[0]), steps[0])[:, None], fft.rfftfreq(len(wide[1]), steps[1]))
        turns = 2 * math.pi * pinhole * np.maximum(frequency, 1e-9 / pinhole)
        disk = math.pi * pinhole**2 * 2 * j1(turns) / turns
        shape = [len(v) for v in wide]
        inside = (slice(extra[0], shape[0] - extra[0]), slice(extra[1], shape[1] - extra[1]))
        found = np.empty((len(z), len(y), len(x)))
        together = max(1, BLOCK // math.prod(shape))
        for start in range(0, len(z), together):
            part = slice(start, start + together)
            found[part] = fft.irfft2(fft.rfft2(density(z[part], *wide)) * disk, s=shape)[:, *inside]
        return np.maximum(found, 0)

    return passed
