"""What an iterative solver yields."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..backend import Array

Sums = list[Any]  # numbers, perhaps still on the device


@dataclass
class Iterate:
    """One estimate of an iterative solver.

    Parameters
    ----------
    iteration : int
        Steps done: 1, 2, ...
    """

    iteration: int
    _sums: Sums = field(repr=False)
    _estimate: Array | None = field(repr=False)

    @cached_property
    def divergence(self) -> float:
        """I-divergence between the image and the prediction of the estimate that *entered* this step.

        The same for any order of blocks; on a device it is fetched when it is asked for.
        """
        return math.fsum(float(share) for share in self._sums)

    def snapshot(self) -> Array:
        """A copy of the estimate, shape ``H.in_shape``; only before the solver takes its next step, and in its thread.

        Raises
        ------
        RuntimeError
            If the solver has moved on: the estimate lives in a buffer that is reused.
        """
        if self._estimate is None:
            raise RuntimeError(f"iterate {self.iteration} is gone: take the snapshot before the solver's next step")
        return self._estimate + 0

    @property
    def alive(self) -> bool:
        """Whether `snapshot` may still be taken."""
        return self._estimate is not None

    def expire(self) -> None:
        """Forget the estimate: called by the solver when it goes on."""
        self._estimate = None
