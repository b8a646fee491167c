"""What solvers of Richardson-Lucy's family do in data space: image over prediction, and the divergence on the way."""

from __future__ import annotations

from collections.abc import Callable

from .. import kernels
from ..backend import Array
from ..operators import LinearOperator
from .iterate import Sums

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
        weight = getattr(H, "weight", None)  # of a Blur with a mask: what lies under it adds nothing to the divergence
        self._y, self._background = (y, background) if weight is None else (y * weight, background * weight)
        self._xp, self._floor, self._watch = H.xp, floor, watch
        self._sums: Sums = []

    def __call__(self, prediction: Array, part: slice) -> Array:
        """The ratio of one block; its divergence is remembered."""
        y, b = self._y[part, ...], self._background
        prediction = kernels.expected(
            prediction, b if isinstance(b, float | int) else b[part, ...], self._floor, self._xp
        )
        if self._watch is not None:
            self._watch(prediction, part)
        ratio, divergence = kernels.compare(y, prediction, self._xp)
        self._sums.append(divergence)
        return ratio

    def divergence(self) -> Sums:
        """The shares of the I-divergence of the prediction that went through since the last call."""
        sums, self._sums = self._sums, []
        return sums
