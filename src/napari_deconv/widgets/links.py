"""Connections to napari's events that end with the widget that made them."""

from __future__ import annotations

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
        owner.destroyed.connect(lambda: _cut(made))

    def make(self, callback: Callable[..., Any], *emitters: Any) -> None:
        """Call `callback` on each event of `emitters`."""
        for emitter in emitters:
            emitter.connect(callback)
            self._made.append((emitter, callback))

    def cut(self) -> None:
        """End all connections."""
        _cut(self._made)


def _cut(made: list[Connection]) -> None:
    while made:
        emitter, callback = made.pop()
        emitter.disconnect(callback)
