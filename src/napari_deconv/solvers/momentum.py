"""How an accelerated solver goes on from one estimate to the next."""

from __future__ import annotations

from typing import Any

from .. import kernels
from ..backend import Array

KEPT = 0.9  # of a voxel is left when momentum carries it down: near zero a factor brings nothing back, and noise grows


def accelerate(x: Array, p: Array, step: Array, gain: Array, iteration: int, xp: Any) -> None:
    """The step from `p` becomes `x`; `p` goes on in the direction from the old `x` to the new one. Changes both."""
    kernels.extrapolate(x, p, step, gain, iteration / (iteration + 3), KEPT, xp)
