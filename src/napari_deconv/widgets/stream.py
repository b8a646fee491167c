"""A generator in a thread, whose values are signalled as they come; a newer question ends the older one first."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator
from typing import Any

from qtpy.QtCore import QObject
from superqt.utils import create_worker

from .complaints import explain
from .links import at_end
from .qt import Signal, Slot

Answers = Callable[..., Generator[Any, None, None]]


class Stream(QObject):
    """Follows one generator at a time: ``function(*args, stop)``, which ends soon after the event `stop` is set.

    Parameters
    ----------
    parent : QObject
        Its end ends the work; what comes after that is dropped.
    """

    came = Signal(object)
    failed = Signal(str)
    ended = Signal()  # everything has come

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._worker: Any = None
        self._next: tuple[Answers, tuple[Any, ...]] | None = None
        self._stops = [threading.Event()]
        at_end(self, _stop, self._stops)

    @property
    def busy(self) -> bool:
        """Whether anything is still to come."""
        return self._next is not None or (self._worker is not None and not self._stops[0].is_set())

    def ask(self, function: Answers, *args: Any) -> None:
        """Follow this one from now on; it begins as soon as the thread of the one before is free."""
        self._stops[0].set()
        self._next = function, args
        if self._worker is None:
            self._begin(function, args)

    def cancel(self) -> None:
        """Nothing more is to come."""
        self._next = None
        self._stops[0].set()

    def _begin(self, function: Answers, args: tuple[Any, ...]) -> None:
        self._next, self._stops[0] = None, threading.Event()
        worker: Any = create_worker(_told, function, args, self._stops[0])
        worker.yielded.connect(self._arrived)
        worker.finished.connect(self._finished)
        self._worker = worker
        worker.start()

    @Slot(object)
    def _arrived(self, answer: tuple[Any, str]) -> None:
        value, complaint = answer
        if self._stops[0].is_set():
            return
        if complaint:
            self.failed.emit(complaint)
        else:
            self.came.emit(value)

    @Slot()
    def _finished(self) -> None:
        self._worker = None
        if self._next is not None:
            self._begin(*self._next)
        elif not self._stops[0].is_set():
            self.ended.emit()


def _told(function: Answers, args: tuple[Any, ...], stop: threading.Event) -> Generator[tuple[Any, str], None, None]:
    """Each value, or what went wrong: a worker drops some kinds of errors without a word."""
    try:
        with contextlib.closing(function(*args, stop)) as values:
            for value in values:
                yield value, ""
                if stop.is_set():
                    return
    except Exception as error:
        what, remedy = explain(type(error), str(error))
        yield None, f"{what} {remedy}"


def _stop(stops: list[threading.Event]) -> None:
    for stop in stops:
        stop.set()
