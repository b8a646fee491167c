"""How much light a box around the focus holds, and the smallest box that holds enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_simpson

from ..checks import number, odd, whole_shape
from .focus import Focus, spread

RADIAL_STEPS = 16  # per period, for the energy within a radius: good to 1e-3 of a plane that is in focus
FINE_STEPS = 64  # where that plane is all there is: good to 3e-6
AXIAL_STEPS = 6  # per axial period
FIRST_LOOK = 8  # axial periods on either side
LOOKS = 4  # times the range is doubled before the box is called too large
SETTLED = 5e-3  # change of the total that is no change

Array = NDArray[np.float64]


def check_share(energy: float) -> float:
    """The share of the energy to be held, checked."""
    if not 0.5 <= number("energy", energy) <= 0.999:
        raise ValueError(f"energy is a share from 0.5 to 0.999, got {energy!r}; shape= takes any size")
    return float(energy)


def limits(image_shape: Sequence[int] | None, ndim: int) -> tuple[float, ...]:
    """The largest size that an image of `image_shape` can feel along each axis."""
    if image_shape is None:
        return (math.inf,) * ndim
    return tuple(2 * n - 1 for n in whole_shape("image_shape", image_shape, ndim))


def lateral_shape(
    focus: Focus, z: float, spacing: tuple[float, ...], share: float, most: tuple[float, ...]
) -> tuple[int, ...]:
    """Odd lateral sizes that hold `share` of the plane z, no more than `most`."""
    held, radius, grown = np.zeros(1), np.zeros(1), focus.reach
    whole = None if focus.flux is None else float(focus.flux(np.array([z]))[0])
    while held[-1] < share * (whole or held[-1] + 1):
        radius, held = (a.reshape(-1) for a in _encircled(focus, np.array([z]), spread(focus, 0) + grown, FINE_STEPS))
        whole, grown = whole or float(held[-1]), 2 * grown
    wide = float(np.interp(share * whole, np.maximum.accumulate(held), radius)) if whole else 0.0
    return tuple(int(min(odd(wide / s), m)) for s, m in zip(spacing[-2:], most[-2:], strict=True))


def box(
    focus: Focus, middle: float, spacing: tuple[float, ...], share: float, most: tuple[float, ...]
) -> tuple[int, ...]:
    """The smallest odd sizes (z, y, x) that hold `share` of the light in three dimensions.

    Parameters
    ----------
    focus : Focus
        Light of finite total.
    middle : float
        Where the focus is, micrometres of the stage.
    spacing : tuple of float
        Voxel (z, y, x).
    share : float
        Of all light; of the light in the planes allowed where `most` leaves out planes.
    most : tuple of float
        Largest size along each axis.

    Raises
    ------
    MemoryError
        If the light reaches too far.
    """
    farthest = (most[0] - 1) / 2 * spacing[0]
    for look in range(LOOKS):
        table = _table(focus, middle, spacing[0], look)
        found = _cheapest(table, spacing, share, farthest)
        if found is not None:
            half, wide = found
            sizes = (2 * math.ceil(half / spacing[0] - 1e-6) + 1, *(odd(wide / s) for s in spacing[1:]))
            return tuple(int(min(n, m)) for n, m in zip(sizes, most, strict=True))
    raise MemoryError(f"no PSF of 4 GiB holds {share:.1%} of the light; give a smaller energy, or a shape")


def total(focus: Focus, middle: float, spacing: tuple[float, ...]) -> float:
    """All the light that voxels without end would collect (in the focal plane alone: pixels), over the lateral area."""
    if len(spacing) == 2:
        if focus.flux is not None:
            return float(focus.flux(np.array([middle]))[0])
        reach = spread(focus, 0) + focus.reach
        return float(_encircled(focus, np.array([middle]), reach, FINE_STEPS)[1][0, -1])
    found = 0.0
    for look in range(LOOKS):
        before, found = found, _table(focus, middle, spacing[0], look).total
        if abs(found - before) <= SETTLED * found:
            break
    return found


@dataclass(frozen=True)
class _Table:
    """Light within each radius, of the planes at some distances on both sides of the focus together."""

    distance: Array  # shape (p,)
    radius: Array  # shape (r,)
    held: Array  # shape (p, r)
    total: float
    ends: bool  # whether there is no light beyond


def _table(focus: Focus, middle: float, step: float, look: int) -> _Table:
    """As far as at the `look`-th time of asking; each plane stands for a few where they are close."""
    stride = max(1, math.floor(1 / (AXIAL_STEPS * focus.axial * step)))
    depth = min(FIRST_LOOK * 2**look / focus.axial, focus.depth)
    reach = spread(focus, depth) + focus.reach * (1 if focus.flux is None else 2**look)
    distance = stride * step * np.arange(math.ceil(depth / (stride * step)) + 1)
    radius, held = _encircled(focus, middle + distance, reach)
    held[1:] += held[1:] if focus.symmetric else _encircled(focus, middle - distance[1:], reach)[1]
    if focus.flux is not None:
        sides = (focus.flux(middle + distance), focus.flux(middle - distance[1:]))
        whole = float(sum(side.sum() for side in sides))
    else:  # far from the focus the light of a plane falls like the square of the distance
        last = len(distance) - 1
        whole = float(held[:, -1].sum() + held[-1, -1] * last**2 / (last + 0.5))
    return _Table(distance, radius, stride * held, stride * whole, depth >= focus.depth)


def _encircled(focus: Focus, z: Array, reach: float, steps: int = RADIAL_STEPS) -> tuple[Array, Array]:
    """Radii, shape (r,), and the light within each of them in the planes `z`, shape (z, r)."""
    radius = np.linspace(0, reach, 2 * math.ceil(reach * steps / focus.period / 2) + 1)
    density = 2 * math.pi * radius * focus.intensity(radius, z)
    return radius, cumulative_simpson(density, x=radius, axis=1, initial=0)


def _cheapest(table: _Table, spacing: tuple[float, ...], share: float, farthest: float) -> tuple[float, float] | None:
    """Distance and radius of the smallest box that holds enough; None if the table is too small to tell."""
    allowed = table.distance <= farthest * (1 + 1e-9)
    within = np.cumsum(table.held[allowed], axis=0)
    limited = not allowed.all()
    wanted = share * (within[-1, -1] if limited else table.total)
    enough = within >= wanted
    rows = np.flatnonzero(enough.any(axis=1))
    if not rows.size:
        return None
    radius = table.radius[enough[rows].argmax(axis=1)]
    best = int(np.argmin((2 * table.distance[rows] + spacing[0]) * (2 * radius + max(spacing[1:])) ** 2))
    if rows[best] == len(within) - 1 and not limited and not table.ends:
        return None
    return float(table.distance[rows[best]]), float(radius[best])
