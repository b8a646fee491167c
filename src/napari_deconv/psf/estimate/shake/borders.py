"""A picture continued beyond its edges so that it is smooth when it repeats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ....backend import FFT

Array = NDArray[np.float32]


def continued(y: Array, margin: int, fft: FFT) -> Array:
    """`y` at the origin of a larger grid whose margins lead smoothly from each edge to the opposite one.

    The margins, at least `margin` pixels per axis, blend the picture mirrored at one edge into the picture mirrored
    at the other; no jump is seen by a periodic filter.
    """
    for axis, n in enumerate(y.shape):
        extra = fft.fast_size(n + margin) - n
        reach = min(extra, n)
        # Weight 1 beside the far edge, 0 where the grid starts again; longer margins than the picture stay constant.
        ramp = np.cos(np.linspace(0, np.pi, extra + 2, dtype=np.float32)[1:-1]) / 2 + 0.5
        after = np.take(y, np.clip(n - 1 - np.arange(extra), n - reach, n - 1), axis)
        before = np.take(y, np.clip(np.arange(extra)[::-1], 0, reach - 1), axis)
        weight = ramp.reshape([-1 if a == axis else 1 for a in range(y.ndim)])
        y = np.concatenate([y, weight * after + (1 - weight) * before], axis)
    return y
