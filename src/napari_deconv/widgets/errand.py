"""A long function in a worker thread, with progress and cancel."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from qtpy.QtCore import QObject, QTimer
from superqt.utils import create_worker

from .drive import Failure
from .qt import Signal, Slot

LOOK = 100  # milliseconds between looks at how far it is


class Cancelled(Exception):
    """Raised inside the function, at its next report of progress, after it was told to stop."""


@dataclass
class Note:
    """What worker and window tell each other: no Qt, so that it may outlive the window."""

    stop: threading.Event = field(default_factory=threading.Event)
    far: tuple[int, int] = (0, 0)

    def end(self, *_: Any) -> None:
        """Let the function end at its next report."""
        self.stop.set()

    def tell(self, done: int, total: int) -> None:
        """How far it is; called by the function.

        Raises
        ------
        Cancelled
            If it should stop.
        """
        if self.stop.is_set():
            raise Cancelled
        self.far = (int(done), int(total))


class Errand(QObject):
    """Calls one function at a time in a thread: ``function(*args, progress=tell)``.

    Parameters
    ----------
    parent : QObject
        When it is destroyed, the function is told to stop, and its answer is dropped.
    """

    far = Signal(int, int)  # done of how many; 0 of 0 while nobody knows
    answered = Signal(object)
    failed = Signal(object)  # a Failure
    cancelled = Signal()
    ended = Signal()  # after any of the three

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._worker: Any = None
        self._answer: tuple[str, Any] | None = None
        self._note = Note()
        self._clock = QTimer(self)
        self._clock.setInterval(LOOK)
        self._clock.timeout.connect(self._look)

    @property
    def busy(self) -> bool:
        """Whether a function is being called."""
        return self._worker is not None

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop and has not ended yet."""
        return self.busy and self._note.stop.is_set()

    def start(self, function: Callable[..., Any], *args: Any) -> None:
        """Call it; while one is being called, nothing happens."""
        if self.busy:
            return
        # a method of a plain object is called only while that lives: a lambda would be called even after Python's
        # collector has emptied it
        self._note, self._answer = Note(), None
        self.destroyed.connect(self._note.end)
        worker: Any = create_worker(_call, function, args, self._note)
        worker.returned.connect(self._arrived)
        worker.finished.connect(self._finished)
        self._worker = worker
        self._clock.start()
        worker.start()

    def stop(self) -> None:
        """Let it end at its next report of progress."""
        self._note.stop.set()

    @Slot()
    def _look(self) -> None:
        if not self.stopping:
            self.far.emit(*self._note.far)

    @Slot(object)
    def _arrived(self, answer: tuple[str, Any]) -> None:
        self._answer = answer

    @Slot()
    def _finished(self) -> None:
        """The thread is free: say what came, so that whoever hears it may start the next function."""
        kind, value = self._answer or ("cancelled", None)
        stopped = self._note.stop.is_set()
        self.destroyed.disconnect(self._note.end)
        self._worker = self._answer = None
        self._clock.stop()
        if stopped or kind == "cancelled":
            self.cancelled.emit()
        elif kind == "failed":
            self.failed.emit(value)
        else:
            self.answered.emit(value)
        self.ended.emit()


def _call(function: Callable[..., Any], args: tuple[Any, ...], note: Note) -> tuple[str, Any]:
    """What became of it; errors are values, as a worker drops some kinds without a word."""
    try:
        return "answered", function(*args, progress=note.tell)
    except Cancelled:
        return "cancelled", None
    except Exception as error:
        return "failed", Failure(type(error), str(error), "".join(traceback.format_exception(error)))
