"""What is timed: the same pictures at every commit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
CASES = {"2-D": ((1024, 1024), (31, 31)), "3-D": ((64, 256, 256), (31, 25, 25))}


def problem(case: str) -> tuple[Array, Array]:
    """A picture of counts and a Gaussian PSF, float32."""
    view, size = CASES[case]
    rng = np.random.default_rng(0)
    squares = [((np.arange(n) - n // 2) / (n / 8)) ** 2 for n in size]
    kernel = np.exp(-0.5 * sum(np.ix_(*squares)))
    picture = rng.poisson(20 + 200 * (rng.random(view) > 0.999))
    return picture.astype(np.float32), (kernel / kernel.sum()).astype(np.float32)
