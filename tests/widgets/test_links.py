"""What is called when a widget ends, whoever ends it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from napari.components import ViewerModel
from qtpy.QtCore import QObject

from napari_deconv.widgets.links import Links, _Call, at_end


def test_a_function_is_called_at_the_end(destroyed: Any) -> None:
    owner, called = QObject(), []
    at_end(owner, called.append, "gone")
    with destroyed(owner):
        owner.deleteLater()
    assert called == ["gone"]


@pytest.mark.parametrize("emptied", ["call", "argument"])
def test_what_the_collector_has_emptied_does_nothing(emptied: str) -> None:
    """In any order, it clears everything that only a garbage widget held on to."""
    stop = threading.Event()
    call = _Call(stop.set, ())
    vars(call if emptied == "call" else stop).clear()
    call()


def test_links_end_with_their_owner(destroyed: Any) -> None:
    owner, viewer, heard = QObject(), ViewerModel(), []
    links = Links(owner)
    links.make(heard.append, viewer.layers.events.inserted)
    viewer.add_points()
    assert len(heard) == 1
    with destroyed(owner):
        owner.deleteLater()
    viewer.add_points()
    assert len(heard) == 1
