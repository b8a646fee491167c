"""What an iterative solver yields."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..backend import Array


@dataclass
class Iterate:
    """One estimate of an iterative solver.

    Parameters
    ----------
    iteration : int
        Steps done: 1, 2, ...
    divergence : float
        I-divergence between the image and the prediction of the estimate that *entered* this step.
    """

    iteration: int
    divergence: float
    _estimate: Array | None = field(repr=False)

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
