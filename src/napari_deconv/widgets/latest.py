"""Small questions answered in a worker thread; only the answer to the latest one counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject
from superqt.utils import create_worker

from .complaints import explain
from .qt import Signal, Slot


class Latest(QObject):
    """Asks a function in a thread and signals its answer, unless something newer was asked meanwhile.

    Parameters
    ----------
    parent : QObject
        Answers that come after its end are dropped.
    """

    answered = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._number = 0

    def ask(self, function: Callable[..., Any], *args: Any) -> None:
        """Call ``function(*args)`` in a thread."""
        self._number += 1
        worker = create_worker(_answer, self._number, function, args)  # napari's pops up a notification per warning
        worker.returned.connect(self._arrived)
        worker.start()

    def forget(self) -> None:
        """Let the answer to come be dropped."""
        self._number += 1

    @Slot(object)
    def _arrived(self, answer: tuple[int, Any, str]) -> None:
        number, value, complaint = answer
        if number != self._number:
            return
        if complaint:
            self.failed.emit(complaint)
        else:
            self.answered.emit(value)


def _answer(number: int, function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[int, Any, str]:
    """The question's number, the answer, and what went wrong."""
    try:
        return number, function(*args), ""
    except Exception as error:
        what, remedy = explain(type(error), str(error))
        return number, None, f"{what} {remedy}"
