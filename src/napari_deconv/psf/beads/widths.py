"""How sure the width of an average is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..width import width_of_line

RESAMPLES = 200
Array = NDArray[np.float64]


def bootstrap(
    boxes: NDArray[np.float32], weights: Array, spacing: tuple[float, ...], rng: np.random.Generator
) -> tuple[float, ...]:
    """Standard errors of the widths of a mean of beads, micrometres: beads are drawn again, with replacement.

    Only the three lines through the centre are averaged again, each time for as many beads as there are [1]_.

    References
    ----------
    .. [1] B. Efron, Ann. Stat. 7, 1 (1979).
    """
    middle = tuple(n // 2 for n in boxes.shape[1:])
    drawn = rng.integers(0, len(boxes), (RESAMPLES, len(boxes)))
    share = np.stack([np.bincount(row, minlength=len(boxes)) for row in drawn]) * weights
    share = share / share.sum(axis=1, keepdims=True)
    found = []
    for axis, step in enumerate(spacing):
        lines = boxes[(slice(None), *(slice(None) if a == axis else m for a, m in enumerate(middle)))]
        means = share @ lines.astype(np.float64)
        sizes = [width_of_line(line, middle[axis]) for line in means]
        known = [s for s in sizes if s is not None]
        found.append(step * float(np.std(known, ddof=1)) if len(known) > RESAMPLES // 2 else math.nan)
    return tuple(found)
