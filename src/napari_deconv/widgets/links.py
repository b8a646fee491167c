"""Connections to napari's events that end with the widget that made them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QObject

Connection = tuple[Any, Callable[..., Any]]


class Links:
    """Connections of one widget.

    napari keeps a bound method as long as its Python object lives, which may be longer than the Qt object behind it:
    a call would then fail with "wrapped C/C++ object has been deleted".

    Parameters
    ----------
    owner : QObject
        Cuts all connections when it is destroyed.
    """

    def __init__(self, owner: QObject) -> None:
        made: list[Connection] = []
        self._made = made
        at_end(owner, _cut, made)

    def make(self, callback: Callable[..., Any], *emitters: Any) -> None:
        """Call `callback` on each event of `emitters`."""
        for emitter in emitters:
            emitter.connect(callback)
            self._made.append((emitter, callback))

    def cut(self) -> None:
        """End all connections."""
        _cut(self._made)


class _Call:
    """A function with its arguments; does nothing after Python's collector has emptied it."""

    function: Callable[..., Any] | None = None
    arguments: tuple[Any, ...] = ()

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        self.function, self.arguments = function, arguments

    def __call__(self, *_: Any) -> None:
        if self.function is not None:
            with contextlib.suppress(AttributeError):  # the arguments may have been emptied too
                self.function(*self.arguments)


def at_end(owner: QObject, function: Callable[..., Any], *arguments: Any) -> None:
    """Call ``function(*arguments)`` when `owner` is destroyed.

    A lambda would not do: where a widget ends as Python's garbage, the collector empties everything that only the
    widget held on to, in any order. Calling a lambda whose closure is gone ends the process.

    Parameters
    ----------
    owner : QObject
        Whose end is waited for.
    function : callable
        Without a closure: of a module, or a method.
    *arguments : object
        What it is called with.
    """
    owner.destroyed.connect(_Call(function, arguments))


def _cut(made: list[Connection]) -> None:
    while made:
        emitter, callback = made.pop()
        emitter.disconnect(callback)
