"""What an engine does for a blur."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..backend import Array

Pointwise = Callable[[Array, slice], Array]  # gets a block, its own to change, and where along the first axis it lies
Factor = Callable[
    [Array, tuple[slice, ...]], Array
]  # gets a block of the transfer function, not to be changed, and where it lies
Update = Callable[[Array, slice], None]  # gets a finished block, its own to change, and where it lies


class Engine(Protocol):
    """Circular convolution with one kernel on a grid, and what a window at the grid's first indices sees of it.

    Not to be used from two threads at once.
    """

    @property
    def otf(self) -> Array:
        """Transfer function: half spectrum in the layout of rfftn."""

    def convolve(self, x: Array) -> Array:
        """The kernel convolved with `x`, both periodic on the grid."""

    def correlate(self, x: Array) -> Array:
        """The transpose of `convolve`."""

    def forward(self, x: Array) -> Array:
        """What the window sees of ``convolve(x)``."""

    def adjoint(self, y: Array) -> Array:
        """The transpose of `forward`."""

    def filtered(self, x: Array, f: Factor) -> Array:
        """What the window sees of `x` when its spectrum is multiplied by ``f(otf)``.

        `f` is called with blocks of fixed sizes of the half spectrum, perhaps from several threads and in any order.
        """

    def through(self, x: Array, f: Pointwise, update: Update | None = None) -> Array | None:
        """``adjoint(f(forward(x)))``.

        `f` and `update` are called with blocks of fixed sizes, perhaps from several threads and in any order;
        `update` gets the result, which is returned otherwise, when all of `x` has been read.
        """
