"""Where Poisson solvers begin: what each voxel is seen with, the first estimate, the smallest prediction allowed."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..backend import Array
from ..engines.whole import slabs
from ..kernels import TINY
from ..operators import Blur, LinearOperator

SEEN = 1e-3  # voxels with H^T 1 below this are not seen by any pixel and stay as they are (Bertero & Boccacci 2005)


class Start(NamedTuple):
    """What a multiplicative solver needs before its first step."""

    x: Array  # the first estimate, ours to change
    gain: Array  # 1 / H^T 1; -1 where no pixel sees a voxel
    floor: float  # predictions below count as this much


def begin(y: Array, H: LinearOperator, x0: Array | float | None, background: float | Array) -> Start:
    """The start of a solver of Richardson-Lucy's family; `x0` as its documentation says."""
    sensitivity = H.adjoint(y * 0 + 1)
    flat = x0 if isinstance(x0, int | float) else flat_value(y, H, sensitivity, background)
    x = _flat(y, H, sensitivity, background, flat) if x0 is None or isinstance(x0, int | float) else x0 + 0
    return Start(x, _gain(sensitivity, H), max(1e-6 * flat, TINY))


def flat_value(y: Array, H: LinearOperator, sensitivity: Array, background: float | Array) -> float:
    """The flat object that has the flux of the image."""
    xp, signal = H.xp, y - background
    if not isinstance(H, Blur):
        light, count = H.adjoint(signal), sensitivity
    else:  # the sum of Hᵀ v over its object is that of v over the pixels that count, times the PSF's
        light, count = (signal, None) if H.weight is None else (signal * H.weight, H.weight)
    total = math.prod(H.out_shape) if count is None else float(xp.sum(count, dtype=xp.float64))
    return max(float(xp.sum(light, dtype=xp.float64)) / total, 0.01 * float(xp.mean(y)))


def _gain(sensitivity: Array, H: LinearOperator) -> Array:
    """1 / sensitivity, -1 where unseen, in the sensitivity's own memory."""
    for part in slabs(H.in_shape[0]):
        seen = sensitivity[part, ...]
        sensitivity[part, ...] = H.xp.where(seen <= SEEN, -1.0, 1 / H.xp.maximum(seen, SEEN))
    return sensitivity


def _flat(y: Array, H: LinearOperator, sensitivity: Array, background: float | Array, flat: float) -> Array:
    """Flat; but unseen voxels start and stay as the mirrored image: all together they send light into the view."""
    if not (isinstance(H, Blur) and H.boundary == "extended"):
        return sensitivity * 0 + flat
    signal = y - background
    if H.weight is not None:  # a pixel that is ignored because it is saturated has at least its level
        signal = H.xp.where((H.weight > 0) | (signal > 0), signal, flat)
    x = H.mirror(signal)
    for part in slabs(H.in_shape[0]):
        outside = H.xp.maximum(x[part, ...], 1e-8 * flat)
        x[part, ...] = H.xp.where(sensitivity[part, ...] <= SEEN, outside, flat)
    return x
