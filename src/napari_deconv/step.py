"""What a caller sees of a job while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .backend import Array

Phase = Literal["deciding", "restoring"]


@dataclass
class Step:
    """One step of a job.

    Parameters
    ----------
    iteration : int
        Step of the current block or tile: 1, 2, ...
    done, total : int
        Steps done and to do over all blocks (frames, channels, planes) and tiles; the total shrinks when the number
        of iterations has been decided.
    phase : {"deciding", "restoring"}
        Whether the number of iterations is being found, or the picture.
    channel : int
        Of the current block.
    tile : (int, int), optional
        Which tile of how many: (1, 8) is the first.
    score : float
        While deciding: what the stopping rule makes of this iteration, less is better. NaN otherwise.
    """

    iteration: int
    done: int
    total: int
    phase: Phase
    channel: int
    tile: tuple[int, int] | None
    score: float
    _divergence: Callable[[], float]
    _copy: Callable[[], Array]

    @property
    def divergence(self) -> float:
        """I-divergence of the estimate that entered the step; NaN where there is none."""
        return self._divergence()

    def snapshot(self) -> Array:
        """A copy of the current block's estimate in the units of the image; only before the next step."""
        return self._copy()
