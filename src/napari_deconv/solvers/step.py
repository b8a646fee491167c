"""What solvers of Richardson-Lucy's family do in data space: image over prediction, and the divergence on the way."""

from __future__ import annotations

import math
from collections.abc import Callable

from .. import kernels
from ..backend import Array
from ..operators import LinearOperator

Watch = Callable[[Array, slice], None]


class Ratio:
    """y / (H x + b), block by block, for `operators.through`.

    Parameters
    ----------
    y : array, shape ``H.out_shape``
        Image in counts.
    H : LinearOperator
        Blur.
    background : float or array
        Camera offset b.
    floor : float
        Smallest prediction allowed.
    watch : callable, optional
        Told every block of the prediction.
    """

    def __init__(
        self, y: Array, H: LinearOperator, background: float | Array, floor: float, watch: Watch | None
    ) -> None:
        self._y, self._xp, self._background, self._floor, self._watch = y, H.xp, background, floor, watch
        self._sums: list[float] = []

    def __call__(self, prediction: Array, part: slice) -> Array:
        """The ratio of one block; its divergence is remembered."""
        b = self._background
        prediction = prediction + (b if isinstance(b, float | int) else b[part, ...])
        prediction = self._xp.maximum(prediction, self._floor)
        if self._watch is not None:
            self._watch(prediction, part)
        y = self._y[part, ...]
        ratio = y / prediction
        self._sums.append(kernels.divergence(y, ratio, prediction, self._xp))
        return ratio

    def divergence(self) -> float:
        """The I-divergence of the prediction that went through since the last call, whatever the order of blocks."""
        total = math.fsum(self._sums)
        self._sums.clear()
        return total
