"""A job on a part of a picture that goes as a job on the whole would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..backend import Array
from ..blocks import Block
from ..job import Job
from ..operators import LinearOperator
from ..solvers import Iterate
from ..stopping.type import Solver


class PartJob(Job):
    """A `Job` whose solvers begin with a flat picture of a given level instead of the mean of what they see.

    Accelerated methods remember where they began for some steps.

    Parameters
    ----------
    *given, **named
        See `Job`.
    level : float
        In the units of the image, without background.
    """

    def __init__(self, *given: Any, level: float, **named: Any) -> None:
        super().__init__(*given, **named)
        self._level = level

    def _solver(self, block: Block) -> Solver:
        solve, level = super()._solver(block), self._level * self.frames.scale

        def from_there(y: Array, H: LinearOperator, *, x0: Any = None, **more: Any) -> Iterator[Iterate]:
            return solve(y, H, x0=level if x0 is None else x0, **more)

        return from_there
