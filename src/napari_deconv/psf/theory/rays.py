"""Quadrature over the rays that an objective collects."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .optics import Optics
from .quadrature import gauss_legendre
from .zernike import zernike

BLOCK = 2**20  # quadrature points worked on at a time
SPARE = 24  # nodes beyond what phase and branch points demand
MOST_FOR_BRANCH = 200  # nodes; a branch point so near does no harm
LOOKS = 129  # rays at which the phase is looked at, to count the nodes

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]


@dataclass(frozen=True)
class Rays:
    """Nodes of a quadrature over the rays s: `weight` stands for s ds, `wave` for the phase factor in each plane."""

    s: Array  # shape (m,)
    weight: Array  # shape (m,)
    wave: Complex  # shape (planes, m)


def rays(optics: Optics, z: Array, farthest: float) -> Rays:
    r"""Rays enough for the focus out to the radius `farthest`, and their phase factors in the planes `z`.

    The square roots of the path have branch points at the refractive indices. Where the aperture reaches beyond the
    specimen's, the range is cut there, and in each part :math:`s^2 = a^2 + (b^2 - a^2) \sin^2\phi` makes the roots
    smooth in :math:`\phi`; Gauss-Legendre does the rest.
    """
    ends = [0.0, optics.na]
    if optics.sample < optics.na:
        ends.insert(1, optics.sample)
    parts = [_part(optics, z, farthest, a, b) for a, b in pairwise(ends)]
    s, weight = (np.concatenate(values) for values in zip(*parts, strict=True))
    return Rays(s, weight, np.exp(1j * phase(optics, s, z)))


def phase(optics: Optics, s: Array, z: Array) -> Complex:
    """Radians at each stage position `z` (rows) and ray `s` (columns), 0 on the axis; the imaginary part dims."""
    k = 2 * math.pi / optics.wavelength
    both = np.concatenate([[0.0], s])
    rest = k * optics.path(both)
    for index, waves in optics.zernike.items():  # conjugate to `pupil`, where z comes with the other sign
        rest -= 2 * math.pi * waves * zernike(index, both / optics.na, 0.0)
    immersion = k * optics.along(optics.ri, both).real
    total = rest[1:] - rest[0].real - np.multiply.outer(z, immersion[1:] - immersion[0])
    return np.asarray(total, dtype=np.complex128)


def _part(optics: Optics, z: Array, farthest: float, a: float, b: float) -> tuple[Array, Array]:
    """Nodes and weights between the rays a and b."""
    edges = _substituted(np.linspace(0, math.pi / 2, LOOKS), a, b)
    extremes = np.array([np.min(z, initial=0), np.max(z, initial=0)])
    turns = np.abs(np.diff(phase(optics, edges, extremes), axis=1)).max() * (LOOKS - 1)
    turns += 2 * math.pi / optics.wavelength * farthest * np.max(np.diff(edges)) * (LOOKS - 1)
    count = SPARE + _for_branch_points(optics, b) + math.ceil(turns / 3)
    node, weight = gauss_legendre(count)
    angle = math.pi / 4 * (1 + node)
    area = (b**2 - a**2) * np.sin(angle) * np.cos(angle)
    return _substituted(angle, a, b), math.pi / 4 * weight * area


def _substituted(angle: Array, a: float, b: float) -> Array:
    found: Array = np.sqrt(a**2 + (b**2 - a**2) * np.sin(angle) ** 2)
    return found


def _for_branch_points(optics: Optics, b: float) -> int:
    """Nodes that the nearest branch point beyond the ray b costs for 14 digits, from its Bernstein ellipse."""
    indices = (optics.ri, optics.ri_coverslip, optics.sample, optics.immersion_design, optics.glass_design)
    gaps = [math.sqrt((n / b) ** 2 - 1) for n in indices if n > b * (1 + 1e-12)]
    return min(MOST_FOR_BRANCH, math.ceil(14 / math.sqrt(min(gaps, default=1.0))))
