"""The pointwise arithmetic of one step: formulas that engines apply to a block while it is in the cache."""

from __future__ import annotations

from typing import Any

from .backend import Array

TINY = 1e-30


def divergence(y: Array, ratio: Array, prediction: Array, xp: Any) -> float:
    """Sum of prediction - y + y log(y / prediction), with 0 log 0 = 0, in float64."""
    log_term = y * xp.log(xp.maximum(ratio, TINY))
    sums = [float(xp.sum(v, dtype=xp.float64)) for v in (log_term, prediction, y)]
    return sums[0] + sums[1] - sums[2]


def update(x: Array, step: Array, gain: Array, xp: Any) -> None:
    """Multiply `x` by gain times step, in place; where gain is negative (unseen voxels) x stays as it is."""
    x *= xp.where(gain < 0, 1.0, xp.maximum(step * gain, 0.0))


def extrapolate(x: Array, p: Array, step: Array, gain: Array, weight: float, floor: float, xp: Any) -> None:
    """The step from `p` becomes `x`, and `p` goes on in the direction from the old `x` to the new one; in place."""
    update(p, step, gain, xp)
    x -= p
    x *= -weight
    x += p  # p + weight * (p - old x)
    x[...], p[...] = p + 0, xp.where(gain < 0, p, xp.maximum(x, floor))
