"""How far the work has come, in parts of a hundred."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
TOTAL = 100


class Steps:
    """Tells a callback (done, total) while the work goes through stages that take known shares of the time.

    Parameters
    ----------
    callback : callable or None
        Called often; an exception that it raises ends the work.
    """

    def __init__(self, callback: Progress | None) -> None:
        self._callback = callback
        self._start, self._share, self._count, self._done = 0.0, 0.0, 1, 0

    def stage(self, share: float, count: int) -> None:
        """Begin a stage of `count` ticks that fills `share` of the bar."""
        self._start += self._share
        self._share, self._count, self._done = share, max(1, count), 0
        self._tell()

    def tick(self) -> None:
        """One more is done."""
        self._done = min(self._done + 1, self._count)
        self._tell()

    def finish(self) -> None:
        """All is done."""
        self._start, self._share, self._done = TOTAL, 0.0, 0
        self._tell()

    def _tell(self) -> None:
        if self._callback is not None:
            self._callback(min(TOTAL, round(self._start + self._share * self._done / self._count)), TOTAL)
