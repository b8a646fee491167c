"""The pull of total variation on an object: the curvature of its level surfaces, on voxels of any shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import Array
from ..engines.crew import spread
from ..engines.whole import slabs
from ..kernels import TINY
from ..operators import LinearOperator

GUARD = (0.1, 10.0)  # the factor of a step stays inside


def lateral_samples(spacing: tuple[float, ...] | None, ndim: int) -> tuple[float, ...]:
    """Voxel sides in lateral samples: 1 for the finest axis.

    Raises
    ------
    ValueError
        If there are not as many sides as axes, or one is not positive.
    """
    if spacing is None:
        return (1.0,) * ndim
    if len(spacing) != ndim or not all(math.isfinite(side) and side > 0 for side in spacing):
        raise ValueError(f"spacing is {spacing} but the object has {ndim} axes; give one positive voxel side for each")
    return tuple(side / min(spacing) for side in spacing)


class Variation:
    r"""The factor :math:`1 - \lambda \nabla \cdot (\nabla x / |\nabla x|_\epsilon)` of an object, slab by slab.

    Differences are forward in the gradient and backward in the divergence, so that one is minus the transpose of the
    other. :math:`|\nabla x|_\epsilon^2 = |\nabla x|^2 + (2 n \lambda x)^2 + \epsilon^2` with n axes: gradients that
    one step could turn round, less than :math:`2 n \lambda` of the level, count as a slope and not as an edge, or
    steps would leave a checkerboard behind.

    Parameters
    ----------
    H : LinearOperator
        Decides what lies beyond the object: its other end (the grid of an extended or periodic `Blur` is a ring) or
        its own last voxel.
    sides : tuple of float
        Voxel sides in lateral samples.
    weight : float
        :math:`\lambda`, in lateral samples.
    epsilon : float
        A slope that is next to none.
    """

    def __init__(self, H: LinearOperator, sides: tuple[float, ...], weight: float, epsilon: float) -> None:
        self._xp, self._sides, self._weight, self._least = H.xp, sides, weight, max(epsilon**2, TINY)
        self._ring = getattr(H, "boundary", "reflect") != "reflect"

    def divide(self, x: Array, gain: Array, out: Array) -> None:
        """Write `gain` over the factor of `x` into `out`."""

        def work(part: slice) -> None:
            out[part, ...] = gain[part, ...] / self.factor(x, part)

        if isinstance(x, np.ndarray):
            spread(work, slabs(x.shape[0]))
            return
        for part in slabs(x.shape[0]):
            work(part)

    def factor(self, x: Array, part: slice) -> Array:
        """The factor of the planes in `part` of the object `x`, inside GUARD."""
        ndim, wide = x.ndim, self._padded(x, part)
        base = wide[_from(ndim)]
        slopes = [(wide[_from(ndim, axis)] - base) / side for axis, side in enumerate(self._sides)]
        length = (2 * ndim * self._weight * base) ** 2 + self._least
        for slope in slopes:
            length += slope * slope
        length = self._xp.sqrt(length)
        bend: Array = 0.0
        for axis, (slope, side) in enumerate(zip(slopes, self._sides, strict=True)):
            unit = slope / length
            bend = bend + (unit[_inner(ndim)] - unit[_inner(ndim, axis)]) / side
        return self._xp.clip(1 - self._weight * bend, *GUARD)

    def _padded(self, x: Array, part: slice) -> Array:
        """Those planes with a voxel more on every side."""
        concat, n, ring = self._xp.concat, x.shape[0], self._ring
        before = part.start - 1 if part.start or ring else 0
        after = part.stop % n if ring else min(part.stop, n - 1)
        wide = concat([x[before : before + 1 or None, ...], x[part, ...], x[after : after + 1, ...]], axis=0)
        for axis in range(1, x.ndim):
            first, last = (wide[_at(axis, slice(i, i + 1))] for i in (0, x.shape[axis] - 1))
            wide = concat([last, wide, first] if self._ring else [first, wide, last], axis=axis)
        return wide


def _at(axis: int, where: slice) -> tuple[Any, ...]:
    return (*(slice(None),) * axis, where, Ellipsis)


def _from(ndim: int, axis: int | None = None) -> tuple[slice, ...]:
    """All but the last voxel along every axis; all but the first along `axis`."""
    return tuple(slice(1, None) if i == axis else slice(0, -1) for i in range(ndim))


def _inner(ndim: int, axis: int | None = None) -> tuple[slice, ...]:
    """All but the first voxel along every axis; all but the last along `axis`."""
    return tuple(slice(0, -1) if i == axis else slice(1, None) for i in range(ndim))
